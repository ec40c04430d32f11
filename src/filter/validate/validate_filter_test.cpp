#include "filter/validate/validate_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

namespace louver::filter::validate {
namespace {

using namespace test;
using testing::HasSubstr;

Factories validates(std::size_t message_most = 1024) {
  ValidateOptions options;
  options.contexts = {"request-body"};
  options.schema = *Schema::compile(Json::parse(R"({"type": "object", "properties": {"n": {"type": "integer"}}})"));
  options.message_most = message_most;
  return {*make_validate(std::move(options))};
}

TEST(Validate, lets_what_fits_pass_as_it_is_wherever_it_is_cut) {
  const std::string body = R"( {"n": 1, "x": "text"} )";
  for (const Grant grant : {Grant::inspect, Grant::write}) {
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      const TestSession session{{"request-body", grant}};
      TestRelay relay{session, validates()};
      ASSERT_TRUE(relay.feed("request-body", c2s, body, std::array{cut}));
      EXPECT_EQ(relay.text("request-body", c2s), body);
      EXPECT_EQ(relay.ends("request-body", c2s), 1U);
    }
  }
}

TEST(Validate, stops_what_does_not_fit_before_its_end_and_with_write_all_of_it) {
  for (const std::string& body : {std::string{R"({"n": "hunter2"})"}, std::string{"{\"n\": 1"}, std::string{"[]"},
                                  std::string{R"({"n": 1, "n": 2})"}, std::string{"\x1f\x8b\x08\0gzip", 8},
                                  R"({"x": ")" + std::string(1100, 'x') + "\"}"}) {
    for (const Grant grant : {Grant::inspect, Grant::write}) {
      for (std::size_t cut = 0; cut <= std::min<std::size_t>(body.size(), 20); ++cut) {
        const TestSession session{{"request-body", grant}};
        TestRelay relay{session, validates()};
        const auto fed = relay.feed("request-body", c2s, body, std::array{cut});
        ASSERT_FALSE(fed) << body;
        EXPECT_EQ(fed.error().fault, Fault::blocked_by_policy);
        EXPECT_EQ(fed.error().detail.find("hunter2"), std::string::npos);
        EXPECT_EQ(relay.ends("request-body", c2s), 0U);
        if (grant == Grant::write) {
          EXPECT_EQ(relay.text("request-body", c2s), "");
        }
      }
    }
  }
}

// FI-09: the same octets are something else to who goes by another type, character set or coding
TEST(Validate, a_body_that_its_head_calls_something_else_is_stopped_where_the_head_may_be_looked_at) {
  const TestSession session{{"request-head", Grant::inspect}, {"request-body", Grant::inspect}};
  const auto fed = [&](std::string_view fields, std::string_view body) {
    TestRelay relay{session, validates()};
    EXPECT_TRUE(relay.feed("request-head", c2s, "POST / HTTP/1.1\r\nhost: a\r\n" + std::string{fields} + "\r\n"));
    return relay.feed("request-body", c2s, body).has_value();
  };
  const std::string body = R"({"n": 1})";
  for (const char* good :
       {"content-type: application/json\r\n", "content-type: Application/JSON ; Charset=\"UTF-8\"\r\n",
        "content-type: application/problem+json;profile=x\r\n",
        "content-encoding: identity\r\ncontent-type: application/json\r\n"}) {
    EXPECT_TRUE(fed(good, body)) << good;
  }
  for (const char* bad :
       {"", "content-type: application/json; charset=utf-7\r\n", "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: application/json; a=b; charset=utf-16\r\n", "content-type: application/json; charset =utf-7\r\n",
        "content-type: application/json\r\ncontent-type: text/xml\r\n",
        "content-encoding: gzip\r\ncontent-type: application/json\r\n"}) {
    EXPECT_FALSE(fed(bad, body)) << bad;
    EXPECT_TRUE(fed(bad, "")) << "no body, nothing to judge";
  }
  TestRelay early{session, validates()};
  EXPECT_FALSE(early.feed("request-body", c2s, body));
}

TEST(Validate, frames_of_a_tunnel_are_stopped_at_the_first_octet) {
  const TestSession session{{"request-body", Grant::inspect}};
  TestRelay relay{session, validates()};
  EXPECT_FALSE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "\x81\x85"}));
  EXPECT_EQ(relay.text("request-body", c2s), "");
}

TEST(Validate, a_body_without_an_octet_is_none) {
  const TestSession session{{"request-body", Grant::inspect}};
  TestRelay relay{session, validates()};
  EXPECT_TRUE(relay.feed("request-body", c2s, ""));
  EXPECT_TRUE(relay.feed("request-body", c2s, R"({"n": 1})", {}, 2));
  const auto fed = relay.feed("request-body", c2s, R"({"n": 1.5})", {}, 3);
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().detail, HasSubstr("\"/n\" (type)"));
}

TEST(Validate, read_does_not_do_since_the_session_could_be_led_round_it) {  // FI-13
  const TestSession session{{"request-body", Grant::read}};
  const auto made = Chain::make(validates(), session.info());
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->filters(), 0U);
}

TEST(Validate, contexts_that_are_no_bodies_are_refused) {
  ValidateOptions options;
  options.contexts = {"request-head"};
  options.schema = *Schema::compile(Json::parse("{}"));
  EXPECT_FALSE(make_validate(options));
  options.contexts = {};
  options.schema = nullptr;
  EXPECT_FALSE(make_validate(options));
}

}  // namespace
}  // namespace louver::filter::validate
