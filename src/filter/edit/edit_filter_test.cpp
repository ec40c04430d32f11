#include "filter/edit/edit_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

namespace louver::filter::edit {
namespace {

using http::head_bytes_most;
using http::target_bytes_most;

using namespace test;
using testing::HasSubstr;

std::string request(std::string_view target, std::string_view fields, std::string_view rest = "") {
  std::string out = "GET " + std::string{target} + " HTTP/1.1\r\nhost: shop.example\r\n";
  return out.append(fields).append(rest).append("\r\n");
}
std::string response(std::string_view fields) { return "HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\n"; }

Factories edit(EditOptions options) {
  auto made = make_edit(std::move(options));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

struct Case {
  const char* what;
  EditOptions options;
  Direction direction;
  std::string in;
  std::string out;
};

std::vector<Case> cases() {
  return {
      {"set takes the place of all",
       {.set = {{"x", "new"}}},
       c2s,
       request("/", "a: 1\r\nx: old\r\nb: 2\r\nx: older\r\n"),
       request("/", "a: 1\r\nx: new\r\nb: 2\r\n")},
      {"set puts in what is not there",
       {.set = {{"x", "new"}}},
       c2s,
       request("/", "a: 1\r\n", "content-length: 3\r\nexpect: 100-continue\r\n"),
       request("/", "a: 1\r\nx: new\r\n", "content-length: 3\r\nexpect: 100-continue\r\n")},
      {"set to nothing", {.set = {{"x", ""}}}, c2s, request("/", "x: old\r\n"), request("/", "x: \r\n")},
      {"names in any case",
       {.remove = {"X-Debug"}, .set = {{"X-A", "V"}}},
       c2s,
       request("/", "x-debug: 1\r\n"),
       request("/", "x-a: V\r\n")},
      {"add keeps others",
       {.add = {{"x", "2"}, {"x", "3"}}},
       c2s,
       request("/", "x: 1\r\ny: 1\r\n"),
       request("/", "x: 1\r\ny: 1\r\nx: 2\r\nx: 3\r\n")},
      {"remove takes all",
       {.remove = {"x", "none"}},
       c2s,
       request("/", "x: 1\r\ny: 2\r\nx: 3\r\n"),
       request("/", "y: 2\r\n")},
      {"remove, then add",
       {.remove = {"x"}, .add = {{"x", "2"}}},
       c2s,
       request("/", "x: 1\r\ny: 1\r\n"),
       request("/", "y: 1\r\nx: 2\r\n")},
      {"set, then add",
       {.set = {{"x", "1"}}, .add = {{"x", "2"}}},
       c2s,
       request("/", "x: 0\r\n"),
       request("/", "x: 1\r\nx: 2\r\n")},
      {"nothing fits", {.remove = {"y"}}, c2s, request("/", "x: 1\r\n"), request("/", "x: 1\r\n")},
      {"responses too",
       {.remove = {"server"}, .set = {{"x", "1"}}},
       s2c,
       response("server: s\r\ncontent-length: 0\r\n"),
       response("x: 1\r\ncontent-length: 0\r\n")},
      {"interim responses too",
       {.remove = {"link"}},
       s2c,
       "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
       "HTTP/1.1 103 Early Hints\r\n\r\n"},
      {"a context left out",
       {.contexts = {"request-head"}, .remove = {"x"}},
       s2c,
       response("x: 1\r\n"),
       response("x: 1\r\n")},
      {"paths of requests only",
       {.rewrite_path = {{"/a", "/b"}}},
       s2c,
       response("location: /a\r\n"),
       response("location: /a\r\n")},
  };
}

TEST(Edit, does_what_its_rules_say_however_a_head_is_cut) {
  std::mt19937 random{7};
  for (const Case& one : cases()) {
    const TestSession session = all_writable();
    const std::string_view context = one.direction == c2s ? "request-head" : "response-head";
    TestRelay relay{session, edit(one.options)};
    std::uint32_t exchange = 1;
    const auto check = [&](std::span<const std::size_t> cuts) {
      const auto result = relay.feed(context, one.direction, one.in, cuts, exchange);
      ASSERT_TRUE(result) << one.what << ": " << explain(result);
      ASSERT_EQ(relay.text(context, one.direction, exchange), one.out) << one.what;
      ASSERT_EQ(relay.ends(context, one.direction, exchange), 1U) << one.what;
      ++exchange;
    };
    check({});
    for (std::size_t cut = 0; cut <= one.in.size(); ++cut) check(std::array{cut});
    for (int round = 0; round < 50; ++round) check(random_cuts(random, one.in.size(), 10));
  }
}

TEST(Edit, rewrites_the_first_prefix_that_fits_whole_segments) {
  const EditOptions options{.rewrite_path = {{"/api/v1", "/v1"}, {"/api", "/other"}, {"/old/", "/"}, {"/", "/all/"}}};
  for (const auto& [in, out] : std::vector<std::pair<std::string, std::string>>{
           {"/api/v1", "/v1"},
           {"/api/v1?q=/api", "/v1?q=/api"},
           {"/api/v1/x", "/v1/x"},
           {"/api/v12", "/other/v12"},
           {"/apis", "/all/apis"},
           {"/old/x", "/x"},
           {"/old/", "/"},
           {"/old", "/all/old"},
           {"/", "/all/"},
           {"/?a", "/all/?a"},
           {"/%61pi", "/all/%61pi"},
       }) {
    const TestSession session = all_writable();
    TestRelay relay{session, edit(options)};
    const auto result = relay.feed("request-head", c2s, request(in, ""));
    ASSERT_TRUE(result) << explain(result);
    EXPECT_EQ(relay.text("request-head", c2s), request(out, ""));
  }
}

TEST(Edit, makes_no_path_that_looks_like_a_host) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.rewrite_path = {{"/old/", "/"}}})};
  EXPECT_EQ(relay.feed("request-head", c2s, request("/old//evil.example/", "")).error().fault,
            Fault::blocked_by_policy);
  EXPECT_EQ(relay.text("request-head", c2s), "");
}

TEST(Edit, makes_no_target_that_is_too_long) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.rewrite_path = {{"/a", "/bb"}}})};
  const std::string fits = "/a/" + std::string(target_bytes_most - 4, 'x');
  EXPECT_TRUE(relay.feed("request-head", c2s, request(fits, "")));
  EXPECT_TRUE(relay.feed("request-credentials", c2s, ""));  // which belong between the two heads
  EXPECT_EQ(relay.feed("request-head", c2s, request(fits + "x", ""), {}, 2).error().fault, Fault::limit_exceeded);
}

TEST(Edit, leaves_the_target_asterisk_alone) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.rewrite_path = {{"/", "/x/"}}})};
  const std::string head = "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n";
  EXPECT_TRUE(relay.feed("request-head", c2s, head));
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
}

TEST(Edit, lets_a_head_that_it_does_not_change_pass_as_it_is) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.remove = {"x"}})};
  EXPECT_TRUE(relay.feed("request-head", c2s, request("/", "y: 1\r\n")));
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
}

TEST(Edit, edits_each_of_several_heads_of_an_exchange) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.set = {{"x", "1"}}})};
  EXPECT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 100 Continue\r\n\r\n", std::array<std::size_t, 1>{5}));
  EXPECT_TRUE(relay.feed("response-head", s2c, response("")));
  EXPECT_EQ(relay.text("response-head", s2c), "HTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 200 OK\r\nx: 1\r\n\r\n");
  EXPECT_EQ(relay.ends("response-head", s2c), 2U);
}

TEST(Edit, keeps_heads_of_the_two_directions_apart) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.set = {{"x", "1"}}})};
  EXPECT_TRUE(relay.feed({session.id("request-head"), c2s, Exchange{2}, "GET / HTTP/1.1\r\nho"}));
  EXPECT_TRUE(relay.feed({session.id("response-head"), s2c, Exchange{1}, "HTTP/1.1 200 OK\r\n\r\n", true}));
  EXPECT_TRUE(relay.feed({session.id("request-head"), c2s, Exchange{2}, "st: a\r\n\r\n", true}));
  EXPECT_EQ(relay.text("response-head", s2c, 1), response("x: 1\r\n"));
  EXPECT_EQ(relay.text("request-head", c2s, 2), "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n");
}

// --- hostile heads
// ----------------------------------------------------------------------------------------------------

TEST(EditHostile, passes_on_no_head_that_the_far_end_would_refuse) {
  for (const char* fields : {"cookie: a\r\n", "X: 1\r\n", "x: 1\n", "content-length: 1\r\ncontent-length: 2\r\n",
                             "louver-party: x\r\n", "x : 1\r\n"}) {
    const TestSession session = all_writable();
    TestRelay relay{session, edit({.remove = {"nothing"}})};
    const auto result = relay.feed("request-head", c2s, request("/", fields));
    EXPECT_EQ(result.error().fault, Fault::blocked_by_policy) << fields;
    EXPECT_EQ(relay.text("request-head", c2s), "");
  }
}

TEST(EditHostile, refuses_an_empty_head) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.remove = {"x"}})};
  EXPECT_FALSE(relay.feed("request-head", c2s, ""));
}

TEST(EditHostile, refuses_a_head_of_which_something_was_redacted) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.remove = {"x"}})};
  const ContextId id = session.id("request-head");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "GET / HTTP/1.1\r\n"}));
  EXPECT_EQ(relay.feed({id, c2s, Exchange{1}, "", false, true, 9}).error().fault, Fault::blocked_by_policy);
}

TEST(EditHostile, keeps_no_more_of_a_head_than_its_limit) {
  const TestSession session = all_writable();
  TestRelay relay{session, edit({.remove = {"x"}})};
  const ContextId id = session.id("request-head");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, std::string(head_bytes_most, 'a')}));
  EXPECT_EQ(relay.feed({id, c2s, Exchange{1}, "a"}).error().fault, Fault::limit_exceeded);
}

// --- options
// ----------------------------------------------------------------------------------------------------------

std::string complaint(EditOptions options) {
  const auto made = make_edit(std::move(options));
  if (made) return "";
  EXPECT_EQ(made.error().fault, Fault::configuration);
  return made.error().detail;
}

TEST(EditOptions, refuses_fields_that_no_filter_may_touch_in_any_spelling) {
  for (const std::string name : {"host",
                                 "Host",
                                 "content-length",
                                 "Content_Length",
                                 "transfer-encoding",
                                 "TRANSFER.ENCODING",
                                 "expect",
                                 "authorization",
                                 "Authorization",
                                 "proxy-authorization",
                                 "proxy_authorization",
                                 "authentication-info",
                                 "cookie",
                                 "Cookie",
                                 "cookie2",
                                 "set-cookie",
                                 "Set_Cookie",
                                 "set-cookie2",
                                 "connection",
                                 "proxy-connection",
                                 "keep-alive",
                                 "Keep.Alive",
                                 "te",
                                 "TE",
                                 "trailer",
                                 "upgrade",
                                 "http2-settings",
                                 "proxy",
                                 "Proxy",
                                 "proxy-authenticate",
                                 "proxy-authentication-info",
                                 "louver-party",
                                 "Louver-Client",
                                 "louver_client",
                                 "louver-",
                                 "LOUVER.X"}) {
    EXPECT_THAT(complaint({.remove = {name}}), HasSubstr("cannot be changed")) << name;
    EXPECT_THAT(complaint({.set = {{name, "v"}}}), HasSubstr("cannot be changed")) << name;
    EXPECT_THAT(complaint({.add = {{name, "v"}}}), HasSubstr("cannot be changed")) << name;
  }
  EXPECT_EQ(complaint({.remove = {"hosts", "x-host", "louver", "louverx-y", "cookies", "tee"}}), "");
}

TEST(EditOptions, refuses_names_that_are_none) {
  for (const std::string& name :
       {std::string{}, std::string{"a b"}, std::string{"a:"}, std::string{"a\r\nb"}, std::string{"a\0", 2},
        std::string{"\xc3\xa9"}, std::string(256, 'a'), std::string{"{x}"}}) {
    EXPECT_THAT(complaint({.remove = {name}}), HasSubstr("is no name")) << name;
    EXPECT_THAT(complaint({.set = {{name, "v"}}}), HasSubstr("is no name")) << name;
  }
}

TEST(EditOptions, refuses_values_that_are_none) {
  for (const std::string& value :
       {std::string{"a\r\nx: b"}, std::string{"a\nb"}, std::string{"a\rb"}, std::string{"a\0b", 3}, std::string{" a"},
        std::string{"a\t"}, std::string{"\x1b[31m"}, std::string{"\x7f"}, std::string{"\xff"},
        std::string{"\xe2\x80\xa8"}, std::string(8193, 'a')}) {
    EXPECT_THAT(complaint({.set = {{"x", value}}}), HasSubstr("value for \"x\"")) << value;
    EXPECT_THAT(complaint({.add = {{"x", value}}}), HasSubstr("value for \"x\"")) << value;
  }
  EXPECT_EQ(complaint({.set = {{"x", std::string(8192, 'a')}}}), "");
}

TEST(EditOptions, refuses_paths_that_are_none) {
  for (const std::string path : {"", "a", "http://a/", "//a", "/a?b", "/a#b", "/a b", "/../a", "/a/%2e%2e", "/a\\b",
                                 "/%zz", "/a\r\nb", "/\xc3\xa9", "*"}) {
    EXPECT_THAT(complaint({.rewrite_path = {{path, "/b"}}}), HasSubstr("no path to rewrite")) << path;
    EXPECT_THAT(complaint({.rewrite_path = {{"/b", path}}}), HasSubstr("no path to rewrite")) << path;
  }
  EXPECT_THAT(complaint({.rewrite_path = {{"/a", "/"}}}), HasSubstr("both end in '/' or neither"));
  EXPECT_THAT(complaint({.rewrite_path = {{"/a/", "/b"}}}), HasSubstr("both end in '/' or neither"));
  EXPECT_THAT(complaint({.rewrite_path = {{"/a", "/a"}}}), HasSubstr("does nothing"));
}

TEST(EditOptions, refuses_rules_that_contradict_each_other_or_do_nothing) {
  EXPECT_THAT(complaint({}), HasSubstr("changes nothing"));
  EXPECT_THAT(complaint({.remove = {"X"}, .set = {{"x", "1"}}}), HasSubstr("stands twice"));
  EXPECT_THAT(complaint({.set = {{"x", "1"}, {"X", "2"}}}), HasSubstr("stands twice"));
  EXPECT_THAT(complaint({.remove = {"x", "x"}}), HasSubstr("stands twice"));
  EXPECT_THAT(complaint({.contexts = {"response-head"}, .rewrite_path = {{"/a", "/b"}}}), HasSubstr("leaves out"));
  EXPECT_THAT(complaint({.contexts = {"request-body"}, .remove = {"x"}}), HasSubstr("holds no header fields"));
  EXPECT_THAT(complaint({.contexts = {"request-head", "request-head"}, .remove = {"x"}}), HasSubstr("listed twice"));
  EXPECT_THAT(complaint({.contexts = {"request-head", "a b"}, .remove = {"x"}}), HasSubstr("is no name of a context"));
}

// --- needs
// ------------------------------------------------------------------------------------------------------------

std::vector<Need> needs(EditOptions options, const TestSession& session) {
  return edit(std::move(options)).front()->needs(session.info());
}

TEST(EditNeeds, write_on_what_its_rules_touch) {
  const TestSession all = all_writable();
  const Need on_requests{"request-head", c2s, Grant::write};
  const Need on_responses{"response-head", s2c, Grant::write};
  const Need on_credentials{"request-credentials", c2s, Grant::write};  // which say for what target they are
  EXPECT_EQ(needs({.rewrite_path = {{"/a", "/b"}}}, all), (std::vector{on_requests, on_credentials}));
  const TestSession head_only{{"request-head", Grant::write}, {"request-credentials", Grant::read}};
  EXPECT_EQ(needs({.rewrite_path = {{"/a", "/b"}}}, head_only), std::vector{on_requests});
  EXPECT_EQ(needs({.remove = {"x"}}, all), (std::vector{on_requests, on_responses}));
  EXPECT_EQ(needs({.contexts = {"response-head"}, .remove = {"x"}}, all), std::vector{on_responses});
}

TEST(EditNeeds, goes_by_what_is_granted_unless_the_contexts_are_listed) {
  const TestSession responses_only{{"request-head", Grant::redact}, {"response-head", Grant::none, Grant::write}};
  EXPECT_EQ(needs({.remove = {"x"}}, responses_only).size(), 1U);
  EXPECT_EQ(needs({.contexts = {"request-head", "response-head"}, .remove = {"x"}}, responses_only).size(), 2U);
  TestRelay strict{responses_only, edit({.contexts = {"request-head", "response-head"}, .remove = {"x"}})};
  EXPECT_EQ(strict.chain().missing().size(), 1U);
  TestRelay lenient{responses_only, edit({.remove = {"x"}})};
  EXPECT_TRUE(lenient.chain().missing().empty());
  const TestSession nothing{};
  TestRelay none{nothing, edit({.remove = {"x"}})};
  EXPECT_EQ(none.chain().missing().size(), 2U);
  EXPECT_EQ(none.chain().filters(), 0U);
}

TEST(EditNeeds, can_act_in_profiles_with_heads_only) {
  EXPECT_TRUE(edit({.remove = {"x"}}).front()->can_act_in(profiles[0]));
  EXPECT_FALSE(edit({.remove = {"x"}}).front()->can_act_in(profiles[1]));
}

}  // namespace
}  // namespace louver::filter::edit
