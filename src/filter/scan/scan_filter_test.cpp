#include "filter/scan/scan_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/coding/coded_by_hand.h"
#include "filter/test_support.h"

namespace louver::filter::scan {
namespace {

using namespace test;
using testing::HasSubstr;
using OnMatch = ScanOptions::OnMatch;

constexpr std::string_view coded_request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\n\r\n";

struct Findings {
  std::function<void(const Finding&)> writer() {
    return [this](const Finding& one) { rules.emplace_back(one.rule); };
  }
  std::vector<std::string> rules;
};

Factories scans(ScanOptions options) {
  auto made = make_scan(std::move(options));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

TEST(Scan, blocks_a_match_wherever_a_message_is_cut_and_lets_the_match_never_be_whole) {  // FI-01
  const TestSession session{{"request-head", Grant::read}, {"request-body", Grant::inspect}};
  const std::string message = "so: EICAR-TEST-FILE, and more";
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    for (std::size_t second = cut; second <= message.size(); ++second) {
      Findings findings;
      TestRelay relay{session, scans({.contexts = {"request-body"},
                                      .rules = {{"eicar", "EICAR-TEST-FILE"}, {"other", "nothing"}},
                                      .write = findings.writer()})};
      ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
      const auto fed = relay.feed("request-body", c2s, message, std::array{cut, second});
      ASSERT_FALSE(fed);
      EXPECT_EQ(fed.error().fault, Fault::blocked_by_policy);
      EXPECT_THAT(fed.error().detail, HasSubstr("eicar"));
      EXPECT_EQ(findings.rules, std::vector<std::string>{"eicar"});
      EXPECT_EQ(relay.text("request-body", c2s).find("EICAR-TEST-FILE"), std::string::npos);
      EXPECT_EQ(relay.ends("request-body", c2s), 0U);
    }
  }
}

TEST(Scan, lets_what_does_not_match_pass_as_it_is) {
  const TestSession session{{"request-head", Grant::read}, {"request-body", Grant::inspect}};
  Findings findings;
  TestRelay relay{session,
                  scans({.contexts = {"request-body"}, .rules = {{"a", "secret"}}, .write = findings.writer()})};
  for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
    ASSERT_TRUE(relay.feed("request-head", c2s, plain_request, {}, exchange));
    // the halves of a pattern in two messages are no match
    ASSERT_TRUE(relay.feed("request-body", c2s, exchange == 1 ? "sec" : "ret", {}, exchange));
  }
  EXPECT_EQ(relay.text("request-body", c2s, 1) + relay.text("request-body", c2s, 2), "secret");
  EXPECT_TRUE(findings.rules.empty());
}

TEST(Scan, puts_a_tombstone_in_the_place_of_the_record_in_which_a_match_ends) {
  const TestSession session{{"request-head", Grant::redact}, {"request-body", Grant::redact}};
  Findings findings;
  TestRelay relay{session, scans({.contexts = {"request-body"},
                                  .rules = {{"card", "4[0-9]{15}"}},
                                  .on_match = OnMatch::redact,
                                  .write = findings.writer()})};
  ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
  ASSERT_TRUE(relay.feed("request-body", c2s, "card=4111111111111111&x=1", std::array<std::size_t, 2>{5, 21}));
  EXPECT_EQ(relay.text("request-body", c2s), "card=&x=1");
  EXPECT_EQ(relay.redacted_octets, 16U);
  EXPECT_EQ(findings.rules, std::vector<std::string>{"card"});
}

TEST(Scan, a_match_that_only_the_end_decides_ends_the_session_since_nothing_is_left_to_redact) {
  const TestSession session{{"request-head", Grant::redact}, {"request-body", Grant::redact}};
  Findings findings;
  TestRelay relay{session, scans({.contexts = {"request-body"},
                                  .rules = {{"end", "last$"}},
                                  .on_match = OnMatch::redact,
                                  .write = findings.writer()})};
  ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
  const auto fed = relay.feed("request-body", c2s, "at last", std::array<std::size_t, 1>{7});
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().fault, Fault::blocked_by_policy);
}

TEST(Scan, only_tells_where_it_may_only_log) {
  const TestSession session{{"response-head", Grant::none, Grant::read}, {"response-body", Grant::none, Grant::read}};
  Findings findings;
  TestRelay relay{session, scans({.contexts = {"response-body"},
                                  .rules = {{"word", "(?i)SECRET"}},
                                  .on_match = OnMatch::note,
                                  .write = findings.writer()})};
  ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 200 OK\r\n\r\n"));
  ASSERT_TRUE(relay.feed("response-body", s2c, "a secret"));
  EXPECT_EQ(relay.text("response-body", s2c), "a secret");
  EXPECT_EQ(findings.rules, std::vector<std::string>{"word"});
}

TEST(Scan, stops_what_it_cannot_search_unless_told_to_let_it_pass) {  // FI-02
  const TestSession session{{"request-head", Grant::read}, {"request-body", Grant::inspect}};
  Findings findings;
  for (const bool pass_coded : {false, true}) {
    TestRelay relay{session, scans({.contexts = {"request-body"},
                                    .rules = {{"a", "x"}},
                                    .pass_coded = pass_coded,
                                    .write = findings.writer()})};
    ASSERT_TRUE(relay.feed("request-head", c2s, coded_request));
    const auto fed = relay.feed("request-body", c2s, "\x1f\x8b");
    EXPECT_EQ(fed.has_value(), pass_coded);
    if (!fed) {
      EXPECT_THAT(fed.error().detail, HasSubstr("content coding"));
    }
  }
  TestRelay relay{session, scans({.contexts = {"request-body"}, .rules = {{"a", "x"}}, .write = findings.writer()})};
  const auto early = relay.feed("request-body", c2s, "body before its head");
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().detail, HasSubstr("before its head"));
}

// FI-02: whatever else of the message is searched between them
TEST(Scan, goes_by_the_head_when_the_body_comes_behind_other_messages) {
  const TestSession session{{"response-head", Grant::none, Grant::inspect},
                            {"response-credentials", Grant::none, Grant::inspect},
                            {"response-body", Grant::none, Grant::inspect}};
  Findings findings;
  for (const bool pass_coded : {false, true}) {
    const ScanOptions options{.rules = {{"a", "evil"}}, .pass_coded = pass_coded, .write = findings.writer()};
    TestRelay coded{session, scans(options)};
    ASSERT_TRUE(coded.feed("response-head", s2c, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"));
    ASSERT_TRUE(coded.feed("response-credentials", s2c, "set-cookie: a=b\r\n"));
    const auto fed = coded.feed("response-body", s2c, coding::by_hand::gzip("something evil"));
    ASSERT_FALSE(fed);
    EXPECT_THAT(fed.error().detail, HasSubstr("rule \"a\" matches"));
    TestRelay part{session, scans(options)};
    ASSERT_TRUE(part.feed("response-head", s2c, "HTTP/1.1 206 Partial Content\r\n\r\n"));
    ASSERT_TRUE(part.feed("response-credentials", s2c, ""));
    EXPECT_FALSE(part.feed("response-body", s2c, "il"));
    TestRelay plain{session, scans(options)};
    ASSERT_TRUE(plain.feed("response-head", s2c, "HTTP/1.1 200 OK\r\n\r\n"));
    ASSERT_TRUE(plain.feed("response-credentials", s2c, "set-cookie: a=b\r\n"));
    EXPECT_TRUE(plain.feed("response-body", s2c, "good"));
  }
}

TEST(Scan, stops_the_octets_of_a_tunnel_unless_told_to_let_them_pass) {  // FI-02
  const TestSession session{{"request-head", Grant::read},
                            {"request-body", Grant::inspect},
                            {"response-head", Grant::none, Grant::read},
                            {"response-body", Grant::none, Grant::inspect}};
  Findings findings;
  for (const bool pass_coded : {false, true}) {
    TestRelay relay{session, scans({.rules = {{"a", "x"}}, .pass_coded = pass_coded, .write = findings.writer()})};
    ASSERT_TRUE(relay.feed("request-head", c2s,
                           "GET / HTTP/1.1\r\nhost: a\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                           "sec-websocket-version: 13\r\nupgrade: websocket\r\n\r\n"));
    ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"));
    EXPECT_EQ(relay.feed("response-body", s2c, "frames").has_value(), pass_coded);
  }
}

TEST(Scan, goes_by_the_last_of_several_heads_of_a_response) {
  const TestSession session{{"response-head", Grant::none, Grant::read},
                            {"response-body", Grant::none, Grant::inspect}};
  Findings findings;
  TestRelay relay{session, scans({.contexts = {"response-body"}, .rules = {{"a", "x"}}, .write = findings.writer()})};
  ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 103 Early Hints\r\n\r\n"));
  ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n"));
  EXPECT_FALSE(relay.feed("response-body", s2c, "coded"));
}

TEST(Scan, needs_what_its_action_needs) {  // FI-13
  const TestSession session{{"request-head", Grant::read}, {"request-body", Grant::read}};
  Findings findings;
  for (const auto on_match : {OnMatch::block, OnMatch::redact}) {
    TestRelay relay{
        session,
        scans({.contexts = {"request-body"}, .rules = {{"a", "x"}}, .on_match = on_match, .write = findings.writer()})};
    EXPECT_EQ(relay.chain().missing().size(), 1U);
    EXPECT_EQ(relay.chain().filters(), 0U);
  }
}

TEST(Scan, searches_streams_without_heads) {
  const TestSession session{{{"stream", Grant::inspect, Grant::inspect}}, profiles[1]};
  Findings findings;
  TestRelay relay{session, scans({.rules = {{"a", "drop table"}}, .write = findings.writer()})};
  EXPECT_TRUE(relay.feed("stream", c2s, "select 1", {}, 0));
  EXPECT_FALSE(relay.feed("stream", s2c, "; drop table students", std::array<std::size_t, 1>{5}, 0));
}

TEST(Scan, refuses_rules_that_cannot_be_searched_for_with_their_name) {
  const auto write = [](const Finding&) {};
  const auto refused = [&](std::vector<Rule> rules, std::string_view why) {
    const auto made = make_scan({.rules = std::move(rules), .write = write});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::configuration);
    EXPECT_THAT(made.error().detail, HasSubstr(why));
  };
  refused({{"good", "x"}, {"bad", "(x"}}, "rule \"bad\"");
  refused({{"empty", "x*"}}, "rule \"empty\"");
  refused({{"back", "(a)\\1"}}, "rule \"back\"");
  refused({{"twice", "a"}, {"twice", "b"}}, "twice");
  refused({{"", "a"}}, "1 to 64");
  refused({}, "no rules");
}

}  // namespace
}  // namespace louver::filter::scan
