#include "profile/http1/head.h"

#include <gtest/gtest.h>

#include "profile/http1/test_support.h"

// The canonical form, and what a hostile writer may try to put in its place (HT-02, HT-03, HT-12).

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

const RequestHead a_request = {.method = "POST",
                               .target = "/a?b",
                               .host = "a.example:8080",
                               .fields = {{"accept", "*/*"}, {"x-empty", ""}, {"x", "a: b"}, {"x", "\xc3\xa9"}},
                               .content_length = 12,
                               .expect_continue = true};
const std::string ws_fields = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";
const ResponseHead a_response = {
    .status = 200, .reason = "Very fine", .fields = {{"server", "x"}, {"vary", "a, b"}}, .content_length = 0};

TEST(CanonicalHead, of_a_request_is_pinned) {
  EXPECT_EQ(write_head(a_request),
            "POST /a?b HTTP/1.1\r\nhost: a.example:8080\r\naccept: */*\r\nx-empty: \r\nx: a: b\r\nx: \xc3\xa9\r\n"
            "content-length: 12\r\nexpect: 100-continue\r\n\r\n");
}

TEST(CanonicalHead, of_a_response_is_pinned) {
  EXPECT_EQ(write_head(a_response), "HTTP/1.1 200 Very fine\r\nserver: x\r\nvary: a, b\r\ncontent-length: 0\r\n\r\n");
}

TEST(CanonicalHead, of_an_upgrade_is_pinned) {
  const std::string asks = "GET / HTTP/1.1\r\nhost: a\r\n" + ws_fields + "upgrade: websocket\r\n\r\n";
  const auto read_request = parse_request_head(as_bytes(asks), {});
  ASSERT_OK(read_request);
  EXPECT_TRUE(read_request->upgrade);
  EXPECT_EQ(write_head(*read_request), asks);
  const std::string answers = "HTTP/1.1 101 Switching Protocols\r\nx: y\r\nupgrade: websocket\r\n\r\n";
  const auto read_response = parse_response_head(as_bytes(answers), {});
  ASSERT_OK(read_response);
  EXPECT_EQ(write_head(*read_response), answers);
}

TEST(CanonicalHead, reads_what_it_wrote) {
  const auto read_request = parse_request_head(as_bytes(write_head(a_request)), {});
  ASSERT_OK(read_request);
  EXPECT_EQ(*read_request, a_request);
  const auto read_response = parse_response_head(as_bytes(write_head(a_response)), {});
  ASSERT_OK(read_response);
  EXPECT_EQ(*read_response, a_response);
  const Fields credentials = {{"cookie", "a"}, {"authorization", "b"}};
  const auto read_credentials = parse_credentials(as_bytes(write_credentials(credentials)), "request-credentials", {});
  ASSERT_OK(read_credentials);
  EXPECT_EQ(*read_credentials, credentials);
}

TEST(CanonicalHead, cut_anywhere_or_longer_is_refused) {
  const std::string whole = write_head(a_request);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FAULT(Fault::bad_value, parse_request_head(as_bytes(whole.substr(0, cut)), {}));
  }
  EXPECT_FAULT(Fault::bad_value, parse_request_head(as_bytes(whole + "x"), {}));
  EXPECT_FAULT(Fault::bad_value, parse_request_head(as_bytes(whole + "\r\n"), {}));
  const std::string whole_response = write_head(a_response);
  for (std::size_t cut = 0; cut < whole_response.size(); ++cut) {
    EXPECT_FAULT(Fault::bad_value, parse_response_head(as_bytes(whole_response.substr(0, cut)), {}));
  }
  EXPECT_FAULT(Fault::bad_value, parse_response_head(as_bytes(whole_response + "x"), {}));
}

/// Both ends, with the head as a hostile writer made it: the fault, and nothing that went out.
void expect_request_refused(const std::string& head, const std::string& credentials, Fault fault) {
  Gateway gateway;
  EXPECT_FAULT(fault, gateway.request(1, head, "", credentials));
  EXPECT_TRUE(gateway.take_output().empty());
  EXPECT_TRUE(gateway.seen.empty());
}

void expect_response_refused(const std::string& head, const std::string& credentials, Fault fault) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FAULT(fault, agent.respond(1, head, "", credentials));
  EXPECT_TRUE(agent.take_output().empty());
  EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::answered);
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 502 "));
}

std::string request_with(const std::string& field) { return "GET / HTTP/1.1\r\nhost: a\r\n" + field + "\r\n"; }
std::string response_with(const std::string& field) { return "HTTP/1.1 200 OK\r\n" + field + "\r\n"; }

TEST(HostileWriter, puts_each_field_of_the_table_into_each_context) {  // HT-02
  for (const FieldRule& rule : field_table()) {
    const std::string line = std::string{rule.name} + ": 1\r\n";
    SCOPED_TRACE(line);
    if (rule.place == Place::expect || rule.place == Place::host) {
      expect_request_refused(request_with(line), "",
                             rule.place == Place::host ? Fault::blocked_by_policy : Fault::bad_value);
    } else if (rule.place != Place::length) {
      expect_request_refused(request_with(line), "", Fault::blocked_by_policy);
    }
    if (rule.place != Place::length) expect_response_refused(response_with(line), "", Fault::blocked_by_policy);
    if (rule.place == Place::credentials) continue;
    expect_request_refused(request_with(""), line, Fault::blocked_by_policy);
    expect_response_refused(response_with(""), line, Fault::blocked_by_policy);
  }
}

TEST(HostileWriter, puts_unknown_reserved_and_lookalike_fields_where_they_do_not_belong) {  // HT-02, HT-08
  expect_request_refused(request_with(""), "x: y\r\n", Fault::blocked_by_policy);
  expect_response_refused(response_with(""), "x: y\r\n", Fault::blocked_by_policy);
  for (const char* name : {"louver-client", "louver_client", "louver.x", "louver-", "content_length",
                           "transfer.encoding", "set_cookie", "proxy~authorization"}) {
    const std::string line = name + ": 1\r\n"s;
    SCOPED_TRACE(line);
    expect_request_refused(request_with(line), "", Fault::blocked_by_policy);
    expect_request_refused(request_with(""), line, Fault::blocked_by_policy);
    expect_response_refused(response_with(line), "", Fault::blocked_by_policy);
    expect_response_refused(response_with(""), line, Fault::blocked_by_policy);
  }
}

TEST(HostileWriter, names_the_context_and_nothing_of_the_content) {
  Gateway gateway;
  const auto result = gateway.request(1, request_with("cookie: secret\r\n"), "", "");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().detail, "request-head: a field that does not belong there: cookie");
  const auto other = Gateway{}.request(1, request_with(""), "", "secret: 1\r\n");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().detail, "request-credentials: a field that does not belong there: one that is no credential");
}

TEST(HostileWriter, makes_a_request_head_that_is_none) {
  const std::string heads[] = {
      "",
      "\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nx: y\r\nhost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nhost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nhost: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET a HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /../x HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /\r HTTP/1.1\r\nhost: a\r\n\r\n",
      "G:T / HTTP/1.1\r\nhost: a\r\n\r\n",
      std::string(33, 'G') + " / HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET / HTTP/1.1\nhost: a\n\n",
      "GET / HTTP/1.1\r\nhost: A\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: a:080\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: [::0:1]\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      request_with("X: y\r\n"),
      request_with("x:y\r\n"),
      request_with("x : y\r\n"),
      request_with("x:  y\r\n"),
      request_with("x: y \r\n"),
      request_with("x: y\t\r\n"),
      request_with(" x: y\r\n"),
      request_with("x: y\n\r\n"),
      request_with("x: y\rz\r\n"),
      request_with("x: y\r\r\n"),
      request_with("x: y\0\r\n"s),
      request_with("x: y\x7f\r\n"),
      request_with("x\r\n"),
      request_with(": y\r\n"),
      request_with("content-length: 1\r\ncontent-length: 1\r\n"),
      request_with("content-length: 01\r\n"),
      request_with("content-length: 1,1\r\n"),
      request_with("content-length: -1\r\n"),
      request_with("content-length: \r\n"),
      request_with("content-length: 9223372036854775808\r\n"),
      request_with("expect: 100-continue\r\nexpect: 100-continue\r\n"),
      request_with("expect: 100-Continue\r\n"),
      request_with("content-length: 1\r\nx: y\r\n"),
      request_with("expect: 100-continue\r\nx: y\r\n"),
      request_with("expect: 100-continue\r\ncontent-length: 1\r\n"),
      request_with("upgrade: websocket\r\n"),  // HT-09, this one and those behind it
      request_with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nupgrade: websocket\r\n"),
      request_with(ws_fields + "upgrade: websocket\r\nx: y\r\n"),
      request_with(ws_fields + "upgrade: websocket\r\nupgrade: websocket\r\n"),
      request_with(ws_fields + "content-length: 0\r\nupgrade: websocket\r\n"),
      request_with(ws_fields + "expect: 100-continue\r\nupgrade: websocket\r\n"),
      request_with(ws_fields + ws_fields + "upgrade: websocket\r\n"),
      "PUT / HTTP/1.1\r\nhost: a\r\n" + ws_fields + "upgrade: websocket\r\n\r\n",
  };
  for (const std::string& head : heads) {
    SCOPED_TRACE(head.substr(0, 80));
    expect_request_refused(head, "", Fault::bad_value);
  }
}

TEST(HostileWriter, makes_a_response_head_that_is_none) {
  const std::string heads[] = {
      "",
      "HTTP/1.1 200\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nx: y\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nupgrade: websocket\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\ncontent-length: 0\r\nupgrade: websocket\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",  // nobody asked for it
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n",
      response_with("X: y\r\n"),
      response_with("x: a\nset-cookie: b\r\n"),
      response_with("content-length: 1\r\ncontent-length: 2\r\n"),
      response_with("content-length: 1\r\nx: y\r\n"),
  };
  for (const std::string& head : heads) {
    SCOPED_TRACE(head);
    expect_response_refused(head, "", Fault::bad_value);
  }
}

TEST(HostileWriter, makes_credentials_that_are_none) {
  for (const char* text : {"cookie: a", "cookie: a\n", "\r\n", "cookie: a\r\n\r\n", "Cookie: a\r\n", "cookie:a\r\n",
                           "cookie: a\rb\r\n", "authorization: a\r\nauthorization: b\r\n"}) {
    SCOPED_TRACE(text);
    expect_request_refused(request_with(""), text, Fault::bad_value);
    expect_response_refused(response_with(""), text, Fault::bad_value);
  }
}

TEST(HostileWriter, gets_no_longer_head_through_than_the_limits_allow) {
  const std::string long_field = "x: " + std::string(128 * 1024, 'a') + "\r\n";
  expect_request_refused(request_with(long_field), "", Fault::limit_exceeded);
  expect_response_refused(response_with(long_field), "", Fault::limit_exceeded);
  expect_request_refused(request_with(""), "cookie: " + std::string(128 * 1024, 'a') + "\r\n", Fault::limit_exceeded);
  std::string many;
  for (int i = 0; i < 401; ++i) many += "x: y\r\n";
  expect_request_refused(request_with(many), "", Fault::limit_exceeded);
}

TEST(HostileWriter, lies_about_the_length_of_a_request) {  // HT-03
  const struct {
    const char* length;
    const char* body;
    const char* passed;
  } cases[] = {
      {"content-length: 3\r\n", "ab", "ab"}, {"content-length: 1\r\n", "ab", ""}, {"content-length: 0\r\n", "a", ""}};
  for (const auto& c : cases) {
    Gateway gateway;
    EXPECT_FAULT(Fault::bad_value, gateway.request(1, request_with(c.length), c.body));
    const std::string output = gateway.take_output();
    EXPECT_EQ(output.substr(output.find("\r\n\r\n") + 4), c.passed) << "not an octet behind the length";
  }
}

TEST(HostileWriter, lies_about_the_length_of_a_response) {  // HT-03
  const struct {
    const char* request;
    const char* head;
    const char* body;
    const char* passed;
  } cases[] = {{"GET", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", "ab", "ab"},
               {"GET", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", "ab", ""},
               {"GET", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "a", ""},
               {"GET", "HTTP/1.1 204 No Content\r\n\r\n", "a", ""},
               {"GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 1\r\n\r\n", "a", ""},
               {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", "a", ""}};
  for (const auto& c : cases) {
    Agent agent;
    ASSERT_OK(agent.send(c.request + " / HTTP/1.1\r\nHost: a\r\n\r\n"s));
    EXPECT_FAULT(Fault::bad_value, agent.respond(1, c.head, c.body));
    const std::string output = agent.take_output();
    EXPECT_EQ(output.substr(output.find("\r\n\r\n") + 4), c.passed);
    EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::must_reset);
  }
}

TEST(HostileWriter, answers_twice_or_what_nobody_asked) {  // HT-05
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FAULT(Fault::record_exchange, agent.receive(response_part(ids.response_head, 3, response_with(""))));
  EXPECT_FAULT(Fault::record_exchange, agent.receive(response_part(ids.response_head, 0, response_with(""))));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, response_with(""))));
  EXPECT_FAULT(Fault::record_order, agent.receive(response_part(ids.response_head, 1, response_with(""))));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 1, "")));
  EXPECT_FAULT(Fault::record_order, agent.receive(response_part(ids.response_credentials, 1, "")));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "")));
  EXPECT_FAULT(Fault::record_exchange, agent.receive(response_part(ids.response_body, 1, "")));
}

TEST(HostileWriter, answers_twice_before_the_turn_of_the_exchange) {  // HT-05
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 2, response_with(""))));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 2, response_with(""))));
  EXPECT_FAULT(Fault::record_order, agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HostileWriter, asks_twice) {  // HT-05
  for (const ContextId context : {ids.request_head, ids.request_credentials, ids.request_body}) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, request_with("")));
    EXPECT_FAULT(Fault::record_order, gateway.receive(request_part(context, 1, "")));
  }
  Gateway gateway;
  ASSERT_OK(gateway.request(1, request_with("")));
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_FAULT(Fault::record_exchange, gateway.request(1, request_with("")));
  EXPECT_FAULT(Fault::limit_exceeded, gateway.request(2 + 1024, request_with("")));
  EXPECT_FAULT(Fault::record_context, gateway.receive(response_part(ids.response_head, 2, "")));
  EXPECT_FAULT(Fault::record_context, gateway.receive(request_part(ContextId{77}, 2, "")));
  OwnedPart reflected = request_part(ids.request_head, 2, "");
  reflected.direction = Direction::s2c;
  EXPECT_FAULT(Fault::record_context, gateway.receive(reflected));
}

}  // namespace
}  // namespace louver::profile::http1::test
