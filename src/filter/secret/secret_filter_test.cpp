#include "filter/secret/secret_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "filter/secret/echo_search.h"
#include "filter/test_support.h"

namespace louver::filter::secret {
namespace {

using namespace test;
using testing::HasSubstr;
using OnEcho = SecretOptions::OnEcho;
using Otherwise = SecretOptions::Otherwise;

constexpr std::string_view key = "sk-9aZ/+=\"<&Qw7eRtY5";  // with what each notation writes otherwise
constexpr std::string_view fine = "HTTP/1.1 200 OK\r\n\r\n";

std::shared_ptr<const Credential> credential(std::string_view text = key) {
  auto made = Credential::make(as_bytes(text));
  if (!made) std::abort();
  return *std::move(made);
}

struct Findings {
  std::function<void(const Finding&)> writer() {
    return [this](const Finding& one) { spellings.emplace_back(one.spelling); };
  }
  std::vector<std::string> spellings;
};

Factories secrets(Findings& findings, SecretOptions options = {}) {
  options.hosts = {"api.example"};
  if (options.paths.empty()) options.paths = {"/v1"};
  if (options.source == nullptr) options.source = always(credential());
  options.write = findings.writer();
  auto made = make_secret(std::move(options));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

TestSession inspecting() {
  return TestSession{{"request-head", Grant::inspect},
                     {"request-credentials", Grant::write},
                     {"response-head", Grant::none, Grant::inspect},
                     {"response-credentials", Grant::none, Grant::inspect},
                     {"response-body", Grant::none, Grant::inspect}};
}

std::string head(std::string_view target, std::string_view host = "api.example", std::string_view fields = "") {
  return "GET " + std::string{target} + " HTTP/1.1\r\nhost: " + std::string{host} + "\r\n" + std::string{fields} +
         "\r\n";
}

/// A request through the filter; what became of its credentials.
std::string sent(TestRelay& relay, std::string_view target, std::string_view host, std::string_view credentials,
                 std::uint32_t exchange = 1) {
  const auto done = relay.feed("request-head", c2s, head(target, host), {}, exchange);
  if (!done) return describe(done.error());
  const auto fed = relay.feed("request-credentials", c2s, credentials, {}, exchange);
  return fed ? relay.text("request-credentials", c2s, exchange) : describe(fed.error());
}

// --- what goes into requests

TEST(Secret, goes_to_listed_hosts_and_paths_only) {  // HT-17
  const std::string with_key = "authorization: Bearer " + std::string{key} + "\r\n";
  struct Row {
    std::string_view target, host;
    bool gets_it;
  };
  for (const Row& row :
       {Row{"/v1", "api.example", true}, Row{"/v1?q=1", "api.example", true}, Row{"/v1/chat", "api.example", true},
        Row{"/v1/", "api.example", true}, Row{"/v12", "api.example", false}, Row{"/v1;x", "api.example", false},
        Row{"/V1", "api.example", false}, Row{"/%76%31", "api.example", false}, Row{"/v1%2fchat", "api.example", false},
        Row{"/x/v1", "api.example", false}, Row{"/x?/v1", "api.example", false}, Row{"/", "api.example", false},
        Row{"/v1", "api.example:8443", false}, Row{"/v1", "evil.example", false},
        Row{"/v1", "api.example.evil.example", false}, Row{"/v1", "api.exampl", false}}) {
    const TestSession session = inspecting();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    EXPECT_EQ(sent(relay, row.target, row.host, ""), row.gets_it ? with_key : "") << row.host << row.target;
    EXPECT_EQ(relay.ends("request-credentials", c2s), 1U);
  }
}

TEST(Secret, takes_the_place_of_what_the_client_sent_and_leaves_the_rest) {
  const TestSession session = inspecting();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  EXPECT_EQ(sent(relay, "/v1", "api.example", "authorization: Basic eDp5\r\ncookie: a=b\r\n"),
            "cookie: a=b\r\nauthorization: Bearer " + std::string{key} + "\r\n");
}

TEST(Secret, replaces_a_placeholder_and_nothing_else) {
  const TestSession session = inspecting();
  Findings findings;
  SecretOptions options;
  options.placeholder = "PLACEHOLDER-1";
  TestRelay relay{session, secrets(findings, options)};
  EXPECT_EQ(sent(relay, "/v1", "api.example", "authorization: Bearer PLACEHOLDER-1\r\ncookie: c=PLACEHOLDER-1\r\n"),
            "authorization: Bearer " + std::string{key} + "\r\ncookie: c=PLACEHOLDER-1\r\n");
  EXPECT_EQ(sent(relay, "/v1", "api.example", "authorization: Bearer own\r\n", 2), "authorization: Bearer own\r\n");
  EXPECT_EQ(sent(relay, "/v1", "evil.example", "authorization: Bearer PLACEHOLDER-1\r\n", 3),
            "authorization: Bearer PLACEHOLDER-1\r\n");
  EXPECT_EQ(sent(relay, "/else", "api.example", "authorization: Bearer PLACEHOLDER-1\r\n", 4),
            "authorization: Bearer PLACEHOLDER-1\r\n");
}

TEST(Secret, goes_into_a_cookie_beside_others) {
  const TestSession session = inspecting();
  Findings findings;
  SecretOptions options;
  options.field = "cookie";
  options.placeholder = "PLACEHOLDER-1";
  TestRelay relay{session, secrets(findings, options)};
  EXPECT_EQ(sent(relay, "/v1", "api.example", "cookie: a=1; s=PLACEHOLDER-1; b=2\r\n"),
            "cookie: a=1; s=" + std::string{key} + "; b=2\r\n");
}

TEST(Secret, refuses_a_request_without_the_placeholder_if_told_so) {
  const TestSession session = inspecting();
  Findings findings;
  SecretOptions options;
  options.placeholder = "PLACEHOLDER-1";
  options.without_placeholder = Otherwise::block;
  TestRelay relay{session, secrets(findings, options)};
  EXPECT_EQ(sent(relay, "/else", "api.example", "authorization: Bearer own\r\n"), "authorization: Bearer own\r\n");
  EXPECT_THAT(sent(relay, "/v1", "api.example", "authorization: Bearer own\r\n", 2), HasSubstr("blocked_by_policy"));
  EXPECT_EQ(relay.text("request-credentials", c2s, 2), "");
}

TEST(Secret, goes_nowhere_while_there_is_none_or_the_head_is_not_known) {
  struct Nothing final : Source {
    std::shared_ptr<const Credential> current() const override { return nullptr; }
    std::vector<std::shared_ptr<const Credential>> lately() const override { return {}; }
  };
  const TestSession session = inspecting();
  Findings findings;
  SecretOptions options;
  options.source = std::make_shared<Nothing>();
  TestRelay without{session, secrets(findings, options)};
  EXPECT_THAT(sent(without, "/v1", "api.example", ""), HasSubstr("no credential at hand"));
  TestRelay early{session, secrets(findings)};
  const auto fed = early.feed("request-credentials", c2s, "");
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().detail, HasSubstr("came before its head"));
}

TEST(Secret, is_the_same_wherever_the_request_is_cut) {
  const std::string message = "authorization: Bearer PLACEHOLDER-1\r\ncookie: a=b\r\n";
  const std::string request = head("/v1");
  for (std::size_t cut = 0; cut <= std::max(message.size(), request.size()); ++cut) {
    const TestSession session = inspecting();
    Findings findings;
    SecretOptions options;
    options.placeholder = "PLACEHOLDER-1";
    TestRelay relay{session, secrets(findings, options)};
    ASSERT_TRUE(relay.feed("request-head", c2s, request, std::array{std::min(cut, request.size())}));
    ASSERT_TRUE(relay.feed("request-credentials", c2s, message, std::array{std::min(cut, message.size())}));
    EXPECT_EQ(relay.text("request-credentials", c2s),
              "authorization: Bearer " + std::string{key} + "\r\ncookie: a=b\r\n");
  }
}

TEST(Secret, malformed_credentials_are_refused_without_repeating_them) {
  for (const std::string_view bad : {"authorization: Bearer x", "authorization:x\r\n", "Authorization: x\r\n",
                                     "authorization: x \r\n", "authorization: a\nb\r\n", "\r\n", ": x\r\n"}) {
    const TestSession session = inspecting();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    const std::string outcome = sent(relay, "/v1", "api.example", bad);
    EXPECT_THAT(outcome, HasSubstr("blocked_by_policy")) << bad;
    EXPECT_EQ(outcome.find("Bearer x"), std::string::npos);
    EXPECT_EQ(relay.text("request-credentials", c2s), "");
  }
}

TEST(Secret, asks_for_answers_that_it_can_read_where_it_may_write_the_head) {
  const TestSession session = all_writable();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  const std::string fields = "accept-encoding: gzip, br\r\nrange: bytes=0-3\r\nif-range: \"x\"\r\naccept: a\r\n";
  ASSERT_TRUE(relay.feed("request-head", c2s, head("/else", "api.example", fields)));
  EXPECT_EQ(relay.text("request-head", c2s),
            head("/else", "api.example", "accept: a\r\naccept-encoding: identity\r\n"));
  ASSERT_TRUE(relay.feed("request-head", c2s, head("/v1", "other.example", fields), {}, 2));
  EXPECT_EQ(relay.text("request-head", c2s, 2), head("/v1", "other.example", fields));
}

TEST(Secret, a_tunnel_to_its_hosts_is_stopped) {
  const TestSession session = inspecting();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  const std::string upgrade =
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\nupgrade: websocket\r\n";
  EXPECT_FALSE(relay.feed("request-head", c2s, head("/v1", "api.example", upgrade)));
  TestRelay other{session, secrets(findings)};
  EXPECT_TRUE(other.feed("request-head", c2s, head("/v1", "other.example", upgrade)));
}

// --- what comes back

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}
std::string percent(std::string_view text, bool all, bool in_upper_case) {
  std::string out;
  for (const char c : text) {
    const bool plain = !all && std::isalnum(static_cast<unsigned char>(c)) != 0;
    const std::string digits = to_hex(as_bytes({&c, 1}));
    out += plain ? std::string{c} : "%" + (in_upper_case ? upper(digits) : digits);
  }
  return out;
}
std::string in_json(std::string_view text, bool all) {
  std::string out;
  for (const char c : text) {
    if (all || c == '<' || c == '&' || c == '+') {
      out += "\\u00" + to_hex(as_bytes({&c, 1}));
    } else if (c == '\r' || c == '\n') {
      out += c == '\r' ? "\\r" : "\\n";
    } else {
      out += (c == '"' || c == '/' ? "\\" : "") + std::string{c};
    }
  }
  return out;
}
std::string in_html(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '<'   ? "&lt;"
           : c == '&' ? "&amp;"
           : c == '"' ? "&quot;"
           : c == '=' ? "&#61;"
           : c == '+' ? "&#x2B;"
                      : std::string{c};
  return out;
}
std::string url_safe(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}
std::string with_line_ends(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 7) out += text.substr(i, 7) + "\r\n";
  return out;
}
std::string in_utf16(std::string_view text, bool big) {
  std::string out;
  for (const char c : text) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

/// Every spelling in which an honest origin sends it back, more than the six that were asked for.
std::vector<std::pair<std::string, std::string>> wrappings() {
  const std::string k{key};
  const auto b64 = [](const std::string& text) { return base64_of(as_bytes(text)); };
  std::vector<std::pair<std::string, std::string>> out = {{"raw", k},
                                                          {"as a field", "authorization: Bearer " + k},
                                                          {"percent", percent(key, false, false)},
                                                          {"percent, upper", percent(key, true, true)},
                                                          {"percent, all", percent(key, true, false)},
                                                          {"json", in_json(key, false)},
                                                          {"json, all", in_json(key, true)},
                                                          {"html", in_html(key)},
                                                          {"hex", to_hex(as_bytes(key))},
                                                          {"hex, upper", upper(to_hex(as_bytes(key)))},
                                                          {"utf-16le", in_utf16(key, false)},
                                                          {"utf-16be", in_utf16(key, true)},
                                                          {"after a false beginning", "sk-9aZ/" + k},
                                                          {"after an open escape", "%" + k},
                                                          {"after another", "\\" + k + "&#" + k}};
  for (const std::string before : {"", "a", "ab", "abc"}) {
    const std::string text = b64(before + k + "tail");
    out.emplace_back("base64 behind " + before, text);
    out.emplace_back("base64url behind " + before, url_safe(text));
    out.emplace_back("base64 in lines behind " + before, with_line_ends(text));
    out.emplace_back("base64 in a query behind " + before, percent(text, false, true));
    out.emplace_back("base64 in JSON behind " + before, in_json(text, false));
    out.emplace_back("base64 in lines in JSON behind " + before, in_json(with_line_ends(text), false));
    out.emplace_back("base64 in lines in a query behind " + before, percent(with_line_ends(text), false, true));
  }
  return out;
}

/// An answer whose body is fed in pieces.
Result<> answer(TestRelay& relay, std::string_view body, std::span<const std::size_t> cuts = {},
                std::string_view answer_head = fine, std::string_view cookies = "") {
  LOUVER_TRY(relay.feed("request-head", c2s, head("/v1")));
  LOUVER_TRY(relay.feed("request-credentials", c2s, ""));
  LOUVER_TRY(relay.feed("response-head", s2c, answer_head));
  LOUVER_TRY(relay.feed("response-credentials", s2c, cookies));
  return relay.feed("response-body", s2c, body, cuts);
}

TEST(Secret, no_spelling_of_it_comes_back_in_a_body_however_it_is_cut) {  // HT-17
  for (const auto& [name, spelt] : wrappings()) {
    const std::string body = "you sent {" + spelt + "} to us";
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      const TestSession session = all_writable();
      Findings findings;
      TestRelay relay{session, secrets(findings)};
      const auto done = answer(relay, body, std::array{cut});
      ASSERT_FALSE(done) << name << " cut at " << cut;
      EXPECT_EQ(done.error().fault, Fault::blocked_by_policy);
      EXPECT_EQ(done.error().detail.find(key.substr(0, 6)), std::string::npos);
      EXPECT_EQ(findings.spellings.size(), 1U);
      // With write nothing of it has gone on: what has stood before it. In base64 four characters may be another's.
      const std::size_t before = spelt.find(key) == std::string::npos ? 4 : spelt.find(key);
      EXPECT_LE(relay.text("response-body", s2c).size(), std::string{"you sent {"}.size() + before) << name;
      EXPECT_EQ(relay.text("response-body", s2c).find("9aZ/+=\""), std::string::npos);
      EXPECT_EQ(relay.ends("response-body", s2c), 0U);
    }
  }
}

TEST(Secret, octet_by_octet_an_inspector_lets_a_quarter_pass_and_no_more) {
  for (const auto& [name, spelt] : wrappings()) {
    const TestSession session = inspecting();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    std::vector<std::size_t> cuts(spelt.size());
    for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i + 1;
    const auto done = answer(relay, spelt, cuts);
    ASSERT_FALSE(done) << name;
    const bool decoy = name.starts_with("after") || name.find("field") != std::string::npos;
    if (!decoy) {
      EXPECT_LE(relay.text("response-body", s2c).size(), spelt.size() / 2) << name;
    }
    EXPECT_EQ(relay.text("response-body", s2c).find(key.substr(0, 6)), std::string::npos) << name;
  }
}

TEST(Secret, in_its_place_go_as_many_x_and_the_rest_is_exact_however_it_is_cut) {
  for (const auto& [name, spelt] : wrappings()) {
    const std::string body = "<" + spelt + "> & 100% \\ <" + spelt + ">";
    std::string whole;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      const TestSession session = all_writable();
      Findings findings;
      SecretOptions options;
      options.on_echo = OnEcho::redact;
      TestRelay relay{session, secrets(findings, options)};
      ASSERT_TRUE(answer(relay, body, std::array{cut, std::min(cut + 3, body.size())})) << name;
      const std::string got = relay.text("response-body", s2c);
      ASSERT_EQ(got.size(), body.size()) << name;
      EXPECT_EQ(relay.ends("response-body", s2c), 1U);
      if (cut == 0) whole = got;
      EXPECT_EQ(got, whole) << name << " cut at " << cut;
      EXPECT_THAT(got, HasSubstr("> & 100% \\ <")) << name;
      EXPECT_THAT(got, HasSubstr("xxxxxxxxxxxx")) << name;
      std::vector<Echo> left;
      EchoSearch again{credential()};
      again.search(as_bytes(got), left);
      again.end(left);
      EXPECT_TRUE(left.empty()) << name;
    }
  }
}

TEST(Secret, what_is_like_it_streams_through_untouched) {
  const std::string almost = std::string{key.substr(0, key.size() - 1)} + "6";
  const std::string body = almost + "%2" + almost + "\\u00" + std::string(5, '\0') + "&am" + almost + "s\0\0\0\0\0k-";
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    const TestSession session = all_writable();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    ASSERT_TRUE(answer(relay, body, std::array{cut}));
    EXPECT_EQ(relay.text("response-body", s2c), body);
    EXPECT_TRUE(findings.spellings.empty());
  }
}

TEST(Secret, events_are_not_held_back) {
  const TestSession session = all_writable();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  ASSERT_TRUE(relay.feed("request-head", c2s, head("/v1")));
  ASSERT_TRUE(relay.feed("request-credentials", c2s, ""));
  ASSERT_TRUE(relay.feed("response-head", s2c, fine));
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const std::string event = "data: {\"t\": \"ask & see 5% \\n\"}\n\n";
    ASSERT_TRUE(relay.feed({session.id("response-body"), s2c, Exchange{1}, event}));
    all += event;
    EXPECT_EQ(relay.text("response-body", s2c), all);
  }
}

TEST(Secret, a_long_run_of_nothing_behind_a_first_character_is_not_held) {
  const TestSession session = all_writable();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  ASSERT_TRUE(
      answer(relay, "s" + std::string(3U << 20, '\0') + "Z", std::array<std::size_t, 3>{1, 1U << 20, 2U << 20}));
  EXPECT_EQ(relay.text("response-body", s2c).size(), (3U << 20) + 2);
}

TEST(Secret, comes_back_neither_in_heads_nor_in_cookies) {  // HT-17: redirect, cache, error page
  const std::string k{percent(key, false, true)};
  for (const std::string& one :
       {"HTTP/1.1 302 Found\r\nlocation: https://evil.example/?k=" + k + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\netag: \"" + to_hex(as_bytes(key)) + "\"\r\ncache-control: max-age=60\r\n\r\n",
        "HTTP/1.1 400 Bad " + std::string{key} + "\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: <" + k + ">\r\n\r\n"}) {
    const TestSession session = inspecting();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    const auto done = answer(relay, "", {}, one);
    ASSERT_FALSE(done) << one;
    EXPECT_EQ(done.error().fault, Fault::blocked_by_policy);
    EXPECT_EQ(relay.ends("response-head", s2c), 0U);
  }
  const TestSession session = inspecting();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  EXPECT_FALSE(answer(relay, "", {}, fine, "set-cookie: k=" + base64_of(as_bytes(key)) + "\r\n"));
  EXPECT_EQ(relay.ends("response-credentials", s2c), 0U);
}

TEST(Secret, what_cannot_be_searched_is_stopped_if_the_host_may_hold_it) {  // HT-17: gzip, parts
  const std::string switched = "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\n\r\n";
  for (const std::string_view one :
       {std::string_view{"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"},
        std::string_view{"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: x-own\r\n\r\n"},
        std::string_view{"HTTP/1.1 206 Partial\r\ncontent-range: bytes 0-3/9\r\n\r\n"}, std::string_view{switched}}) {
    const TestSession session = inspecting();
    Findings findings;
    TestRelay relay{session, secrets(findings)};
    EXPECT_FALSE(answer(relay, "x", {}, one)) << one;
    EXPECT_EQ(relay.text("response-body", s2c), "");
    TestRelay other{session, secrets(findings)};
    ASSERT_TRUE(other.feed("request-head", c2s, head("/v1", "other.example")));
    ASSERT_TRUE(other.feed("request-credentials", c2s, ""));
    EXPECT_TRUE(other.feed("response-head", s2c, one)) << one;
    EXPECT_TRUE(other.feed("response-body", s2c, key)) << "another host has never had it";
  }
  const TestSession session = inspecting();
  Findings findings;
  TestRelay early{session, secrets(findings)};
  ASSERT_TRUE(early.feed("request-head", c2s, head("/v1")));
  EXPECT_FALSE(early.feed("response-body", s2c, "x"));
  TestRelay interim{session, secrets(findings)};
  EXPECT_TRUE(interim.feed("request-head", c2s, head("/v1")));
  EXPECT_TRUE(interim.feed("response-head", s2c, "HTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_FALSE(interim.feed("response-body", s2c, "x"));
}

TEST(Secret, is_watched_in_answers_to_requests_that_did_not_get_it) {  // HT-17: kept by the host and told later
  const TestSession session = inspecting();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  ASSERT_TRUE(relay.feed("request-head", c2s, head("/history")));
  ASSERT_TRUE(relay.feed("response-head", s2c, fine));
  EXPECT_FALSE(relay.feed("response-body", s2c, key));
}

// HT-17: routes and origins without a port lead every port to one server
TEST(Secret, is_watched_on_every_port_of_a_host_that_is_listed_without_one) {
  const TestSession session = inspecting();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  EXPECT_EQ(sent(relay, "/v1", "api.example:8081", "authorization: mine\r\n"), "authorization: mine\r\n");
  ASSERT_TRUE(relay.feed("response-head", s2c, fine));
  EXPECT_FALSE(relay.feed("response-body", s2c, key));
  TestRelay other{session, secrets(findings)};
  EXPECT_EQ(sent(other, "/v1", "api.example.org", ""), "");
  ASSERT_TRUE(other.feed("response-head", s2c, fine));
  EXPECT_TRUE(other.feed("response-body", s2c, key)) << "nobody's who was given it";
}

/// http/1 where both ends carry trailers, and a value of answers has a context of its own.
session::ProfileTraits with_trailers() {
  static const auto contexts = [] {
    std::vector<session::ContextTraits> out{profiles[0].contexts.begin(), profiles[0].contexts.end()};
    out.push_back({.name = "request-trailers", .directions = 1});
    out.push_back({.name = "response-trailers", .directions = 2});
    out.push_back({.name = "note", .directions = 2});
    return out;
  }();
  session::ProfileTraits out = profiles[0];
  out.contexts = contexts;
  return out;
}

TEST(Secret, comes_back_in_no_trailer) {  // HT-17
  const auto session_with = [](Grant trailers) {
    return TestSession{{{"request-head", Grant::inspect},
                        {"request-credentials", Grant::write},
                        {"response-head", Grant::none, Grant::inspect},
                        {"response-credentials", Grant::none, Grant::inspect},
                        {"response-body", Grant::none, Grant::inspect},
                        {"response-trailers", Grant::none, trailers},
                        {"note", Grant::none, Grant::inspect}},
                       with_trailers()};
  };
  const std::string echo = "x-echo: " + std::string{key} + "\r\n";
  const auto inspecting_them = session_with(Grant::inspect);
  Findings findings;
  TestRelay relay{inspecting_them, secrets(findings)};
  for (std::uint32_t i = 1; i <= 1500; ++i) {  // an answer is over with the last of its five messages
    ASSERT_TRUE(relay.feed("request-head", c2s, head("/v1"), {}, i));
    ASSERT_TRUE(relay.feed("request-credentials", c2s, "", {}, i));
    ASSERT_TRUE(relay.feed("response-head", s2c, fine, {}, i));
    ASSERT_TRUE(relay.feed("response-credentials", s2c, "", {}, i));
    ASSERT_TRUE(relay.feed("note", s2c, "", {}, i));
    ASSERT_TRUE(relay.feed("response-body", s2c, "ok", {}, i));
    ASSERT_TRUE(relay.feed("response-trailers", s2c, "x-sum: 1\r\n", {}, i));
  }
  TestRelay echoing{inspecting_them, secrets(findings)};
  ASSERT_TRUE(answer(echoing, "ok"));
  const auto stopped = echoing.feed("response-trailers", s2c, echo);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().fault, Fault::blocked_by_policy);
  EXPECT_EQ(echoing.text("response-trailers", s2c), "");
  EXPECT_EQ(findings.spellings.size(), 1U);

  const auto writing_them = session_with(Grant::write);
  TestRelay covering{writing_them, secrets(findings)};
  ASSERT_TRUE(answer(covering, "ok"));
  EXPECT_FALSE(covering.feed("response-trailers", s2c, echo));

  const auto blind = session_with(Grant::read);  // it could not stop what it finds there
  TestRelay without{blind, secrets(findings)};
  EXPECT_EQ(sent(without, "/v1", "api.example", "cookie: a=b\r\n"), "cookie: a=b\r\n") << "so it does not act";
}

// HT-17: an end takes such a value out of the body and the other puts it back
TEST(Secret, comes_back_in_no_value_that_has_a_context_of_its_own) {
  const auto session_with = [](Grant note) {
    return TestSession{{{"request-head", Grant::inspect},
                        {"request-credentials", Grant::write},
                        {"response-head", Grant::none, Grant::inspect},
                        {"response-credentials", Grant::none, Grant::inspect},
                        {"response-body", Grant::none, Grant::inspect},
                        {"response-trailers", Grant::none, Grant::inspect},
                        {"note", Grant::none, note}},
                       with_trailers()};
  };
  Findings findings;
  const auto watched = session_with(Grant::inspect);
  TestRelay relay{watched, secrets(findings)};
  ASSERT_TRUE(relay.feed("request-head", c2s, head("/v1")));
  ASSERT_TRUE(relay.feed("request-credentials", c2s, ""));
  ASSERT_TRUE(relay.feed("response-head", s2c, fine));
  EXPECT_FALSE(relay.feed("note", s2c, key));
  const auto unseen = session_with(Grant::none);
  TestRelay without{unseen, secrets(findings)};
  EXPECT_EQ(sent(without, "/v1", "api.example", "cookie: a=b\r\n"), "cookie: a=b\r\n") << "so it does not act";
}

TEST(Secret, pipelined_answers_are_each_searched_by_themselves) {
  const TestSession session = all_writable();
  Findings findings;
  TestRelay relay{session, secrets(findings)};
  for (std::uint32_t i = 1; i <= 1500; ++i) {
    ASSERT_TRUE(relay.feed("request-head", c2s, head(i % 2 == 0 ? "/v1" : "/x"), {}, i));
    ASSERT_TRUE(relay.feed("request-credentials", c2s, "", {}, i));
    ASSERT_TRUE(relay.feed("response-head", s2c, fine, {}, i));
    ASSERT_TRUE(relay.feed("response-credentials", s2c, "", {}, i));
    // the halves of it in two answers are no echo
    ASSERT_TRUE(relay.feed("response-body", s2c, i % 2 == 0 ? key.substr(0, 9) : key.substr(9), {}, i));
  }
  EXPECT_EQ(relay.text("response-body", s2c, 2), key.substr(0, 9));
}

TEST(Secret, a_credential_that_was_replaced_is_watched_for_a_while) {
  struct Two final : Source {
    std::shared_ptr<const Credential> current() const override { return fresh; }
    std::vector<std::shared_ptr<const Credential>> lately() const override { return {fresh, old}; }
    std::shared_ptr<const Credential> fresh = credential("fresh-credential"), old = credential("older-credential");
  };
  for (const std::string_view one : {"fresh-credential", "older-credential"}) {
    const TestSession session = inspecting();
    Findings findings;
    SecretOptions options;
    options.source = std::make_shared<Two>();
    TestRelay relay{session, secrets(findings, options)};
    EXPECT_FALSE(answer(relay, one));
  }
}

// --- grants and options

TEST(Secret, is_left_out_as_a_whole_without_the_grants_to_watch) {  // FI-13
  const TestSession session{{"request-head", Grant::inspect}, {"request-credentials", Grant::write}};
  Findings findings;
  const auto made = Chain::make(secrets(findings), session.info());
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->filters(), 0U);
  EXPECT_EQ((*made)->missing().size(), 3U);
  SecretOptions options;
  options.watch_answers = false;
  const auto blind = Chain::make(secrets(findings, options), session.info());
  ASSERT_TRUE(blind);
  EXPECT_EQ((*blind)->filters(), 1U);
  EXPECT_TRUE((*blind)->excess().empty());
}

TEST(Secret, read_on_the_head_does_not_do_since_the_session_could_be_led_round_it) {  // FI-13
  const TestSession session{{"request-head", Grant::read}, {"request-credentials", Grant::write}};
  Findings findings;
  SecretOptions options;
  options.watch_answers = false;
  const auto made = Chain::make(secrets(findings, options), session.info());
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->filters(), 0U);
}

TEST(Secret, options_that_cannot_be_meant_are_refused) {
  const auto refused = [](auto change) {
    SecretOptions options;
    options.hosts = {"api.example"};
    options.paths = {"/v1"};
    options.source = always(credential());
    options.write = [](const Finding&) {};
    change(options);
    return !make_secret(std::move(options));
  };
  EXPECT_FALSE(refused([](SecretOptions&) {}));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.hosts.clear(); }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.hosts = {"*.example"}; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.hosts = {"API.example"}; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.paths.clear(); }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.paths = {"v1"}; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.paths = {"/v1/../x"}; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.field = "x-api-key"; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.field = "cookie"; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.placeholder = "short"; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.placeholder = "with a blank"; }));
  EXPECT_TRUE(refused([](SecretOptions& o) { o.source = nullptr; }));
}

TEST(Secret, what_is_no_credential_is_refused_without_being_shown) {
  for (const std::string& text : {std::string{}, std::string{"1234567"}, std::string(4097, 'k'),
                                  std::string{"two words-1"}, std::string{"line one1\nline two2"},
                                  std::string{"zero\0inside", 11}, std::string{"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"}}) {
    const auto made = Credential::make(as_bytes(text));
    ASSERT_FALSE(made);
    if (text.empty()) continue;
    EXPECT_EQ(made.error().detail.find(text), std::string::npos);
  }
  EXPECT_EQ(as_text((*Credential::make(as_bytes("key-in-a-file\r\n")))->expose()), "key-in-a-file");
  EXPECT_TRUE(Credential::make(as_bytes(std::string(8, 'k'))));
  EXPECT_TRUE(Credential::make(as_bytes(std::string(4096, 'k'))));
}

}  // namespace
}  // namespace louver::filter::secret
