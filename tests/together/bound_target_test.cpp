#include <gtest/gtest.h>

#include "filter/edit/edit_filter.h"
#include "filter/http/bound_target.h"
#include "filter/test_support.h"
#include "profile/http1/request_credentials.h"

// An editor that may write both binds credentials anew; the profile, its sibling, holds heads against them. HT-04

namespace louver {
namespace {

using filter::Grant;
using filter::test::TestRelay;
using filter::test::TestSession;
using profile::http1::check_bound_target;
using profile::http1::parse_request_credentials;
using profile::http1::parse_request_head;

constexpr Direction c2s = Direction::c2s;
const std::string cookie = "cookie: c=1\r\n";

std::string head_for(std::string_view target) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nhost: shop.example:8080\r\nx: 1\r\n\r\n";
}

std::string credentials_for(std::string_view target) {
  const std::string head = head_for(target);
  return profile::http1::write_request_credentials(
      {.fields = {{"cookie", "c=1"}}, .bound_target = bound_target(*parse_request_head(as_bytes(head), {}))});
}

filter::Factories rewrite() { return {*filter::edit::make_edit({.rewrite_path = {{"/old/", "/new/"}}})}; }

/// What a gateway says to the messages that came out of the editor.
Result<> gateway_says(const TestRelay& relay, std::uint32_t exchange = 1) {
  const std::string head = relay.text("request-head", c2s, exchange);
  const std::string credentials = relay.text("request-credentials", c2s, exchange);
  LOUVER_ASSIGN(const auto parsed, parse_request_head(as_bytes(head), {}));
  LOUVER_ASSIGN(const auto given, parse_request_credentials(as_bytes(credentials), {}));
  return check_bound_target(given, parsed, true);
}

TEST(BoundTarget, is_the_same_to_the_profile_and_to_filters) {
  for (const std::string_view target : {"/", "/old/x?y=1", "/%61"}) {
    const auto theirs = parse_request_head(as_bytes(head_for(target)), {});
    const auto ours = filter::http::parse_head(filter::http::HeadKind::request, as_bytes(head_for(target)));
    ASSERT_TRUE(theirs && ours);
    EXPECT_EQ(bound_target(*theirs), filter::http::bound_target(*ours));
  }
}

TEST(BoundTarget, follows_an_editor_that_may_write_both) {
  const TestSession session = filter::test::all_writable();
  TestRelay relay{session, rewrite()};
  std::uint32_t exchange = 0;
  for (const std::string_view target : {"/old/x?y=1", "/other", "/old/"}) {
    ++exchange;
    ASSERT_TRUE(relay.feed("request-head", c2s, head_for(target), std::array<std::size_t, 2>{7, 20}, exchange));
    ASSERT_TRUE(relay.feed("request-credentials", c2s, credentials_for(target), std::array<std::size_t, 3>{3, 40, 81},
                           exchange));
    EXPECT_TRUE(gateway_says(relay, exchange)) << target;
    EXPECT_TRUE(relay.text("request-credentials", c2s, exchange).ends_with(cookie)) << target;
  }
  EXPECT_EQ(relay.text("request-head", c2s, 1), head_for("/new/x?y=1"));
}

TEST(BoundTarget, HT_04_an_editor_that_may_write_the_head_alone_is_found_out_by_the_gateway) {
  const TestSession session{{"request-head", Grant::write}, {"request-credentials", Grant::inspect}};
  TestRelay relay{session, rewrite()};
  ASSERT_TRUE(relay.feed("request-head", c2s, head_for("/old/x")));
  ASSERT_TRUE(relay.feed("request-credentials", c2s, credentials_for("/old/x")));
  EXPECT_EQ(relay.text("request-head", c2s), head_for("/new/x"));
  const auto said = gateway_says(relay);
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().fault, Fault::blocked_by_policy);
}

TEST(BoundTarget, HT_04_an_editor_binds_nothing_anew_that_somebody_before_has_aimed_elsewhere) {
  const TestSession session = filter::test::all_writable();
  TestRelay relay{session, rewrite()};
  ASSERT_TRUE(relay.feed("request-head", c2s, head_for("/old/debug")));  // the agent sent /old/x
  const auto refused = relay.feed("request-credentials", c2s, credentials_for("/old/x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::blocked_by_policy);
  EXPECT_EQ(relay.text("request-credentials", c2s), "");
}

TEST(BoundTarget, HT_04_an_editor_takes_credentials_only_behind_their_head) {
  for (const bool early : {true, false}) {
    const TestSession session = filter::test::all_writable();
    TestRelay relay{session, rewrite()};
    if (early) {
      EXPECT_FALSE(relay.feed("request-credentials", c2s, credentials_for("/old/x")));
    } else {
      ASSERT_TRUE(relay.feed("request-head", c2s, head_for("/old/x")));
      EXPECT_FALSE(relay.feed("request-head", c2s, head_for("/old/y"), {}, 2));
    }
  }
}

TEST(BoundTarget, credentials_that_are_bound_to_none_stay_so) {
  const TestSession session = filter::test::all_writable();
  TestRelay relay{session, rewrite()};
  ASSERT_TRUE(relay.feed("request-head", c2s, head_for("/old/x")));
  ASSERT_TRUE(relay.feed("request-credentials", c2s, cookie));
  EXPECT_EQ(relay.text("request-credentials", c2s), cookie);
}

}  // namespace
}  // namespace louver
