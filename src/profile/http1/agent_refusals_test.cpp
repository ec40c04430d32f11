#include <gtest/gtest.h>

#include "profile/http1/test_support.h"

// HT-01, HT-08, HT-10, HT-13, HT-14, HT-15: what the agent refuses, with which status, and that nothing of it goes on.

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string request;
  unsigned status;
};

std::string post(const std::string& fields, const std::string& rest = "") {
  return "POST / HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n" + rest;
}
std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n"; }
std::string target(const std::string& text) { return "GET " + text + " HTTP/1.1\r\nHost: a.example\r\n\r\n"; }
std::string many_fields(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "x: y\r\n";
  return out;
}

const Case framing_cases[] = {
    {"cl_and_te", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"te_and_cl", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400},
    {"two_cl_that_differ", post("Content-Length: 4\r\nContent-Length: 5\r\n", "abcd"), 400},
    {"two_cl_alike", post("Content-Length: 4\r\nContent-Length: 4\r\n", "abcd"), 400},
    {"cl_list", post("Content-Length: 4, 4\r\n", "abcd"), 400},
    {"cl_plus", post("Content-Length: +4\r\n", "abcd"), 400},
    {"cl_minus", post("Content-Length: -4\r\n"), 400},
    {"cl_hex", post("Content-Length: 0x4\r\n"), 400},
    {"cl_empty", post("Content-Length: \r\n"), 400},
    {"cl_inner_blank", post("Content-Length: 4 4\r\n"), 400},
    {"cl_leading_zero", post("Content-Length: 04\r\n", "abcd"), 400},
    {"cl_2_64", post("Content-Length: 18446744073709551616\r\n"), 400},
    {"cl_2_63", post("Content-Length: 9223372036854775808\r\n"), 400},
    {"cl_blank_before_colon", post("Content-Length : 4\r\n", "abcd"), 400},
    {"cl_underscore", post("Content_Length: 4\r\n", "abcd"), 400},
    {"te_gzip", post("Transfer-Encoding: gzip\r\n"), 400},
    {"te_gzip_chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 400},
    {"te_chunked_chunked", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
    {"te_xchunked", post("Transfer-Encoding: xchunked\r\n"), 400},
    {"te_identity", post("Transfer-Encoding: identity\r\n"), 400},
    {"te_empty", post("Transfer-Encoding:\r\n"), 400},
    {"te_quoted", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
    {"te_parameter", post("Transfer-Encoding: chunked;q=1\r\n"), 400},
    {"te_vertical_tab", post("Transfer-Encoding: \vchunked\r\n"), 400},
    {"te_trailing_comma", post("Transfer-Encoding: chunked,\r\n"), 400},
    {"te_twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"te_folded", post("Transfer-Encoding:\r\n chunked\r\n"), 400},
    {"te_underscore", post("Transfer_Encoding: chunked\r\n"), 400},
    {"te_dot", post("Transfer.Encoding: chunked\r\n"), 400},
    {"te_in_http_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n0\r\n\r\n", 400},
};

const Case syntax_cases[] = {
    {"bare_lf", "GET / HTTP/1.1\nHost: a\n\n", 400},
    {"bare_lf_in_fields", "GET / HTTP/1.1\r\nHost: a\nx: y\r\n\r\n", 400},
    {"bare_lf_at_end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"bare_cr", get("x: a\rb: c\r\n"), 400},
    {"cr_cr_lf", get("x: a\r\r\n"), 400},
    {"nul", get("x: a\0b\r\n"s), 400},
    {"nul_in_name", get("x\0: a\r\n"s), 400},
    {"control", get("x: a\x01\r\n"), 400},
    {"delete", get("x: a\x7f\r\n"), 400},
    {"folded", get("x: a\r\n b\r\n"), 400},
    {"folded_with_tab", get("x: a\r\n\tb\r\n"), 400},
    {"first_field_indented", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"blank_line_of_spaces", get(" \r\n"), 400},
    {"space_before_colon", get("x : a\r\n"), 400},
    {"tab_before_colon", get("x\t: a\r\n"), 400},
    {"no_colon", get("x\r\n"), 400},
    {"empty_name", get(": a\r\n"), 400},
    {"name_with_quote", get("x\"y: a\r\n"), 400},
    {"name_with_slash", get("x/y: a\r\n"), 400},
    {"name_beyond_ascii", get("x\xc3\xa9: a\r\n"), 400},
    {"two_empty_lines_first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"lf_first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"space_first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"two_spaces_before_version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tab_in_request_line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"space_at_end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"space_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"method_no_token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"http_0_9", "GET /\r\n", 400},
    {"lower_case_version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"version_1_10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
    {"version_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"version_0_9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
    {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"tls_client_hello", "\x16\x03\x01\x02\x00\x01"s, 400},
};

const Case meaning_cases[] = {
    {"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"no_host_1_0", "GET / HTTP/1.0\r\n\r\n", 400},
    {"two_hosts", get("Host: b.example\r\n"), 400},
    {"two_hosts_alike", get("host: a.example\r\n"), 400},
    {"host_empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"host_userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"host_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
    {"host_port_0", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400},
    {"host_port_65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},
    {"host_port_empty", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400},
    {"host_port_zeros", "GET / HTTP/1.1\r\nHost: a:080\r\n\r\n", 400},
    {"host_beyond_ascii", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400},
    {"host_bad_ipv6", "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n", 400},
    {"host_differs_from_target", target("http://b.example/"), 400},
    {"target_userinfo", "GET http://u:p@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 400},
    {"target_scheme", target("ftp://a.example/"), 400},
    {"target_no_host", target("http:///x"), 400},
    {"target_relative", target("x"), 400},
    {"target_asterisk", target("*"), 400},
    {"target_fragment", target("/x#y"), 400},
    {"target_beyond_ascii", target("/\xc3\xa9"), 400},
    {"target_dots", target("/a/../b"), 400},
    {"target_encoded_dots", target("/a/%2e%2E/b"), 400},
    {"target_dots_with_parameter", target("/a/..;x/b"), 400},
    {"target_dots_at_end", target("/a/.."), 400},
    {"target_one_dot", target("/./a"), 400},
    {"target_backslash", target("/a\\..\\b"), 400},
    {"target_bad_percent", target("/%zz"), 400},
    {"target_cut_percent", target("/a%2"), 400},
    {"target_angle", target("/<script>"), 400},
    {"trace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"trace_lower_case", "trace / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"track", "TRACK / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"connect", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", 501},
    {"expect_other", post("Content-Length: 1\r\nExpect: 200-ok\r\n"), 417},
    {"expect_twice", post("Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n"), 400},
    {"connection_names_host", get("Connection: host\r\n"), 400},
    {"connection_names_authorization", get("Connection: close, Authorization\r\nAuthorization: x\r\n"), 400},
    {"connection_names_cookie", get("Connection: cookie\r\n"), 400},
    {"connection_names_length", post("Connection: content-length\r\nContent-Length: 1\r\n", "x"), 400},
    {"connection_names_ours", get("Connection: louver-client\r\n"), 400},
    {"connection_names_forwarded", get("Connection: X-Forwarded-For\r\n"), 400},
    {"connection_no_tokens", get("Connection: a b\r\n"), 400},
    {"cookie_lookalike", get("Proxy_Authorization: x\r\n"), 400},
    {"two_authorizations", get("Authorization: a\r\nAuthorization: b\r\n"), 400},
    {"cross_site", get("Sec-Fetch-Site: cross-site\r\n"), 403},
    {"cross_site_unknown", get("Sec-Fetch-Site: what\r\n"), 403},
};

const std::string ws_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string ws_version = "Sec-WebSocket-Version: 13\r\n";
const std::string ws_upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

std::string ws(const std::string& fields) { return get(fields + ws_version + ws_upgrade); }

const Case upgrade_cases[] = {
    {"h2c", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"), 400},
    {"h2c_dressed_as_websocket", get(ws_key + ws_version + "Connection: Upgrade\r\nUpgrade: h2c\r\n"), 400},
    {"tls", get("Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"), 400},
    {"list", get(ws_key + ws_version + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"), 400},
    {"two_fields", get(ws_key + ws_version + ws_upgrade + "Upgrade: h2c\r\n"), 400},
    {"same_field_twice", get(ws_key + ws_version + ws_upgrade + "Upgrade: websocket\r\n"), 400},
    {"empty", get(ws_key + ws_version + "Connection: Upgrade\r\nUpgrade:\r\n"), 400},
    {"version_in_the_name", get(ws_key + ws_version + "Connection: Upgrade\r\nUpgrade: websocket/13\r\n"), 400},
    {"not_nominated", get(ws_key + ws_version + "Upgrade: websocket\r\n"), 400},
    {"http_1_0", "GET / HTTP/1.0\r\nHost: a\r\n" + ws_key + ws_version + ws_upgrade + "\r\n", 400},
    {"no_key", ws(""), 400},
    {"two_keys", ws(ws_key + ws_key), 400},
    {"key_empty", ws("Sec-WebSocket-Key:\r\n"), 400},
    {"key_of_15_octets", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n"), 400},
    {"key_of_17_octets", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE=\r\n"), 400},
    {"key_in_another_form", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n"), 400},
    {"key_without_padding", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n"), 400},
    {"key_no_base64", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==\r\n"), 400},
    {"key_url_alphabet", ws("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25-_Q==\r\n"), 400},
    {"no_version", get(ws_key + ws_upgrade), 400},
    {"version_8", get(ws_key + "Sec-WebSocket-Version: 8\r\n" + ws_upgrade), 400},
    {"version_777", get(ws_key + "Sec-WebSocket-Version: 777\r\n" + ws_upgrade), 400},
    {"two_versions", ws(ws_key + ws_version), 400},
    {"post", post(ws_key + ws_version + ws_upgrade), 400},
    {"head", "HEAD / HTTP/1.1\r\nHost: a\r\n" + ws_key + ws_version + ws_upgrade + "\r\n", 400},
    {"content_length", ws(ws_key + "Content-Length: 1\r\n"), 400},
    {"content_length_0", ws(ws_key + "Content-Length: 0\r\n"), 400},
    {"chunked", ws(ws_key + "Transfer-Encoding: chunked\r\n"), 400},
    {"lookalike", get(ws_key + ws_version + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent_Length: 9\r\n"), 400},
    {"key_nominated", get(ws_key + ws_version + "Connection: Upgrade, Sec-WebSocket-Key\r\nUpgrade: websocket\r\n"),
     400},
    {"page_of_another_site", ws(ws_key + "Origin: http://evil.example\r\n"), 403},
    {"page_of_another_port", ws(ws_key + "Origin: http://a:8080\r\n"), 403},
    {"page_without_a_site", ws(ws_key + "Origin: null\r\n"), 403},
    {"page_of_another_scheme", ws(ws_key + "Origin: https://a\r\n"), 403},
    {"page_of_two_sites", ws(ws_key + "Origin: http://a\r\nOrigin: http://evil.example\r\n"), 403},
    {"cross_site", ws(ws_key + "Sec-Fetch-Site: cross-site\r\nOrigin: http://a\r\n"), 403},
};

const Case size_cases[] = {
    {"head_too_long", get("x: " + std::string(64 * 1024, 'a') + "\r\n"), 431},
    {"head_without_end", get("x: ").substr(0, 40) + std::string(70 * 1024, 'a'), 431},
    {"fields_201", get(many_fields(200)), 431},
    {"target_too_long", target("/" + std::string(8 * 1024, 'a')), 414},
    {"target_without_end", "GET /" + std::string(9 * 1024, 'a'), 414},
    {"method_too_long", std::string(33, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
};

class AgentRefusals : public testing::TestWithParam<Case> {};

void expect_refused(const Case& c, const std::string& answer, Agent& agent) {
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(c.status) + " ")) << answer;
  EXPECT_NE(answer.find("\r\nconnection: close\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\ncontent-type: text/plain"), std::string::npos);
  EXPECT_NE(answer.find("\r\nx-content-type-options: nosniff\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\ncache-control: no-store\r\n"), std::string::npos);
  EXPECT_TRUE(agent.sink.parts.empty()) << "something of it went on";
  EXPECT_TRUE(agent.seen.empty()) << "the role was asked";
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST_P(AgentRefusals, are_answered_and_nothing_goes_on) {
  Agent agent;
  ASSERT_OK(agent.send(GetParam().request));
  expect_refused(GetParam(), agent.take_output(), agent);
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(agent.take_output().empty()) << "the connection went on";
  EXPECT_TRUE(agent.sink.parts.empty());
}

TEST_P(AgentRefusals, are_the_same_when_octets_come_one_by_one) {
  Agent agent;
  for (const char octet : GetParam().request) ASSERT_OK(agent.send({&octet, 1}));
  expect_refused(GetParam(), agent.take_output(), agent);
}

const auto name_of_case = [](const auto& test_case) { return std::string{test_case.param.name}; };
INSTANTIATE_TEST_SUITE_P(HT01Framing, AgentRefusals, testing::ValuesIn(framing_cases), name_of_case);
INSTANTIATE_TEST_SUITE_P(HT01Syntax, AgentRefusals, testing::ValuesIn(syntax_cases), name_of_case);
INSTANTIATE_TEST_SUITE_P(HT10Meaning, AgentRefusals, testing::ValuesIn(meaning_cases), name_of_case);
INSTANTIATE_TEST_SUITE_P(HT09Upgrade, AgentRefusals, testing::ValuesIn(upgrade_cases), name_of_case);  // HT-09, HT-13
INSTANTIATE_TEST_SUITE_P(HT14Sizes, AgentRefusals, testing::ValuesIn(size_cases), name_of_case);

TEST(AgentRefusal, holds_nothing_of_the_request) {  // HT-15
  Agent agent;
  ASSERT_OK(agent.send("GET /<script>needle HTTP/1.1\r\nHost: needle.example\r\nneedle: needle\r\n\r\n"));
  EXPECT_EQ(agent.take_output().find("needle"), std::string::npos);
}

TEST(AgentRefusal, of_a_head_request_has_no_body) {
  Agent agent;
  ASSERT_OK(agent.send("HEAD /.. HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string answer = agent.take_output();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(AgentRefusal, waits_for_the_answers_before_it) {
  Agent agent;
  ASSERT_OK(agent.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
  EXPECT_TRUE(agent.take_output().empty());
  EXPECT_FALSE(agent.codec.wants_close());
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok"));
  const std::string answers = agent.take_output();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(answers.find("connection: close"), answers.rfind("connection: close")) << "only the last answer closes";
  EXPECT_NE(answers.find("okHTTP/1.1 400 "), std::string::npos) << answers;
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentRefusal, at_the_limits_does_not_happen) {  // HT-14
  Agent agent;
  ASSERT_OK(agent.send(get(many_fields(199))));
  ASSERT_OK(agent.send(target("/" + std::string(8 * 1024 - 1, 'a'))));
  const std::string frame = get("x: \r\n");
  ASSERT_OK(agent.send(get("x: " + std::string(64 * 1024 - frame.size(), 'a') + "\r\n")));
  EXPECT_EQ(agent.seen.size(), 3U);
  EXPECT_TRUE(agent.take_output().empty());
}

// Bodies under way cannot be called back: the session ends without the end of the body.
struct BodyCase {
  const char* name;
  std::string body;
};

const BodyCase bad_bodies[] = {
    {"size_missing", "\r\nabc\r\n"},
    {"size_no_hex", "g\r\n"},
    {"size_0x", "0x3\r\nabc\r\n"},
    {"size_plus", "+3\r\nabc\r\n"},
    {"size_minus", "-3\r\nabc\r\n"},
    {"size_blank_first", " 3\r\nabc\r\n"},
    {"size_blank_behind", "3 \r\nabc\r\n"},
    {"size_17_digits", "00000000000000003\r\nabc\r\n"},
    {"size_2_63", "8000000000000000\r\n"},
    {"size_2_64", "ffffffffffffffff\r\n"},
    {"size_underscore", "1_0\r\n"},
    {"bare_lf_behind_size", "3\nabc\r\n"},
    {"bare_cr_behind_size", "3\rabc\r\n"},
    {"bare_lf_behind_data", "3\r\nabc\n0\r\n\r\n"},
    {"nothing_behind_data", "3\r\nabc0\r\n\r\n"},
    {"data_longer_than_size", "3\r\nabcd\r\n0\r\n\r\n"},
    {"data_shorter_than_size", "4\r\nabc\r\n0\r\n\r\n"},
    {"extension_without_name", "3;\r\nabc\r\n"},
    {"extension_with_blank", "3; a=b\r\nabc\r\n"},
    {"extension_without_value", "3;a=\r\nabc\r\n"},
    {"extension_quote_open", "3;a=\"b\r\nabc\r\n"},
    {"extension_lf", "3;a\nb\r\nabc\r\n"},
    {"extension_nul", "3;a\0\r\nabc\r\n"s},
    {"extension_endless", "3;" + std::string(300, 'a')},
    {"trailer_folded", "0\r\nx: a\r\n b\r\n\r\n"},
    {"trailer_bare_lf", "0\r\nx: a\n\r\n"},
    {"trailer_bare_lf_at_end", "0\r\n\n"},
    {"trailer_no_field", "0\r\nx\r\n\r\n"},
    {"trailer_blank_before_colon", "0\r\nx : y\r\n\r\n"},
    {"trailer_content_length", "0\r\nContent-Length: 3\r\n\r\n"},
    {"trailer_transfer_encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"trailer_host", "0\r\nHost: b\r\n\r\n"},
    {"trailer_authorization", "0\r\nAuthorization: b\r\n\r\n"},
    {"trailer_cookie", "0\r\ncookie: b\r\n\r\n"},
    {"trailer_lookalike", "0\r\ncontent_length: 3\r\n\r\n"},
    {"trailer_too_long", "0\r\nx: " + std::string(17 * 1024, 'a') + "\r\n\r\n"},
    {"trailer_without_end", "0\r\nx: " + std::string(17 * 1024, 'a')},
};

class AgentBodyRefusals : public testing::TestWithParam<BodyCase> {};

TEST_P(AgentBodyRefusals, end_the_session_and_never_the_body) {  // HT-01, HT-07
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1} << 20}) {
    Agent agent;
    ASSERT_OK(agent.send(post("Transfer-Encoding: chunked\r\n")));
    Result<> result;
    for (std::size_t at = 0; at < GetParam().body.size() && result; at += piece) {
      result = agent.send(GetParam().body.substr(at, piece));
    }
    EXPECT_FALSE(result.has_value());
    EXPECT_FALSE(agent.sink.ended(ids.request_body));
    EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 4"));
    EXPECT_TRUE(agent.codec.wants_close());
    EXPECT_EQ(agent.codec.open_exchanges(), 1U) << "nobody may take the session for whole";
  }
}

INSTANTIATE_TEST_SUITE_P(Chunks, AgentBodyRefusals, testing::ValuesIn(bad_bodies), name_of_case);

TEST(AgentBodyRefusal, resets_when_an_earlier_answer_is_due) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + post("Transfer-Encoding: chunked\r\n")));
  EXPECT_FAULT(Fault::bad_value, agent.send("x\r\n"));
  EXPECT_TRUE(agent.codec.wants_reset());
  EXPECT_FALSE(agent.codec.wants_close());
  EXPECT_TRUE(agent.take_output().empty());
}

TEST(AgentBodyRefusal, many_small_extensions_come_to_an_end) {  // HT-14
  Agent agent;
  ASSERT_OK(agent.send(post("Transfer-Encoding: chunked\r\n")));
  const std::string chunk = "1;" + std::string(99, 'a') + "\r\nx\r\n";
  int taken = 0;
  while (taken < 1000 && agent.send(chunk)) ++taken;
  EXPECT_EQ(taken, 16 * 1024 / 100);
}

}  // namespace
}  // namespace louver::profile::http1::test
