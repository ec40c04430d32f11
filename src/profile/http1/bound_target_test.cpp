#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/http1/test_support.h"

/// HT-04: a middlebox that may write heads, and nothing else, aims credentials that it cannot read.
namespace louver::profile::http1 {
namespace {

using namespace test;
using testing::HasSubstr;

const SessionPlan bound = {.bind_target = true};
const std::string cookie = "cookie: c=1\r\n";

std::string head_of(std::string_view method, std::string_view host, std::string_view target) {
  return std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nhost: " + std::string{host} + "\r\n\r\n";
}

/// The text of the digest, from an implementation of SHA-256 that is not ours:
/// printf 'louver http/1 target\nGET a.example /p?q' | sha256sum
TEST(BoundTarget, is_the_digest_of_method_host_and_target) {
  EXPECT_EQ(bound_to("GET", "a.example", "/p?q"),
            "louver-target: 4242a9d8861a001395ed7a38f007db0b42e4c1b27ce7120d4860928e170c670e\r\n");
}

struct Aimed {
  const char* what;
  const char *method, *host, *target;
};
const Aimed elsewhere[] = {
    {"another path", "GET", "shop.example", "/debug"},
    {"a longer path", "GET", "shop.example", "/a/b?x=1"},
    {"another query", "GET", "shop.example", "/a?x=2"},
    {"a query less", "GET", "shop.example", "/a"},
    {"another virtual host", "GET", "admin.example", "/a?x=1"},
    {"another port", "GET", "shop.example:8080", "/a?x=1"},
    {"another method", "DELETE", "shop.example", "/a?x=1"},
    {"a method of other case", "Get", "shop.example", "/a?x=1"},
    {"octets moved from the path to the host", "GET", "shop.example.a", "/?x=1"},
    {"another spelling of the same path", "GET", "shop.example", "/%61?x=1"},
};

TEST(BoundTarget, HT_04_credentials_aimed_elsewhere_reach_no_origin) {
  for (const std::string& credentials : {cookie, std::string{}}) {
    for (const Aimed& one : elsewhere) {
      Gateway gateway{{}, bound};
      ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, head_of(one.method, one.host, one.target))));
      const auto refused = gateway.receive(
          request_part(ids.request_credentials, 1, bound_to("GET", "shop.example", "/a?x=1") + credentials));
      ASSERT_FALSE(refused) << one.what;
      EXPECT_EQ(refused.error().fault, Fault::blocked_by_policy) << one.what;
      EXPECT_THAT(refused.error().detail, HasSubstr("request-head")) << one.what;
      EXPECT_THAT(refused.error().detail, testing::Not(HasSubstr(one.target))) << one.what;
      EXPECT_TRUE(gateway.seen.empty()) << one.what;
      EXPECT_EQ(gateway.take_output(), "") << one.what;
    }
  }
}

TEST(BoundTarget, the_same_target_goes_to_the_origin_and_the_binding_does_not) {
  Gateway gateway{{}, bound};
  ASSERT_OK(gateway.request(1, head_of("GET", "shop.example", "/a?x=1"), "",
                            bound_to("GET", "shop.example", "/a?x=1") + cookie));
  const std::string out = gateway.take_output();
  EXPECT_THAT(out, testing::StartsWith("GET /a?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(out, HasSubstr("cookie: c=1\r\n"));
  EXPECT_THAT(out, testing::Not(HasSubstr("louver-target")));
}

TEST(BoundTarget, credentials_that_are_bound_to_none_are_refused_unless_the_policy_takes_them) {
  for (const std::string& credentials : {cookie, std::string{}}) {
    Gateway strict{{}, bound};
    EXPECT_FAULT(Fault::blocked_by_policy, strict.request(1, head_of("GET", "a", "/"), "", credentials));
    EXPECT_TRUE(strict.seen.empty());
    Gateway lenient{{}, {.bind_target = false}};
    EXPECT_OK(lenient.request(1, head_of("GET", "a", "/"), "", credentials));
  }
}

TEST(BoundTarget, HT_04_a_binding_that_is_there_is_checked_whatever_the_policy) {
  Gateway lenient{{}, {.bind_target = false}};
  EXPECT_FAULT(Fault::blocked_by_policy,
               lenient.request(1, head_of("GET", "a", "/debug"), "", bound_to("GET", "a", "/") + cookie));
}

TEST(BoundTarget, HT_04_of_another_exchange_is_none_of_this_one) {
  Gateway gateway{{}, bound};
  ASSERT_OK(gateway.request(1, head_of("GET", "a", "/1"), "", bound_to("GET", "a", "/1")));
  gateway.take_output();
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_FAULT(Fault::blocked_by_policy,
               gateway.request(2, head_of("GET", "a", "/2"), "", bound_to("GET", "a", "/1") + cookie));
}

TEST(BoundTarget, has_one_form_and_one_place) {
  const std::string line = bound_to("GET", "a", "/");
  std::string upper = line;
  for (std::size_t i = 15; i < upper.size(); ++i) upper[i] = static_cast<char>(std::toupper(upper[i]));
  for (const std::string& message :
       {line + line, cookie + line, upper, line.substr(0, line.size() - 3) + "\r\n", "louver-target: \r\n" + cookie,
        "louver-target:" + line.substr(15), "Louver-target" + line.substr(13), line.substr(0, 79) + "\n" + cookie,
        line.substr(0, 40), "louver-client: me\r\n" + cookie}) {
    Gateway gateway{{}, {.bind_target = false}};
    EXPECT_FALSE(gateway.request(1, head_of("GET", "a", "/"), "", message)) << message;
    EXPECT_TRUE(gateway.seen.empty()) << message;
  }
  // none of it in the way back
  EXPECT_FALSE(parse_credentials(as_bytes(line), "response-credentials", {}));
}

TEST(BoundTarget, is_left_out_where_the_route_says_so) {
  Agent agent;
  ASSERT_OK(agent.codec.start_session({.bind_target = false}));
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_credentials), cookie);
  EXPECT_FALSE(agent.codec.resend({.bind_target = true})) << "what was written for another session";
  EXPECT_OK(agent.codec.resend({.bind_target = false}));
}

TEST(BoundTarget, of_an_application_is_dropped_like_every_name_of_ours) {
  Agent agent;
  ASSERT_OK(agent.send("GET /a HTTP/1.1\r\nHost: a\r\n" + bound_to("GET", "a", "/debug") + "\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_credentials), bound_to("GET", "a", "/a"));
  EXPECT_EQ(agent.sink.text(ids.request_head), head_of("GET", "a", "/a"));
}

TEST(BoundTarget, reading_and_writing_are_each_others_reverse) {
  for (const std::string& message :
       {std::string{}, cookie, bound_to("GET", "a", "/"), bound_to("GET", "a", "/") + cookie}) {
    const auto read = parse_request_credentials(as_bytes(message), {});
    ASSERT_TRUE(read) << message;
    EXPECT_EQ(write_request_credentials(*read), message);
  }
}

}  // namespace
}  // namespace louver::profile::http1
