#include "profile/http1/agent.h"

#include <gtest/gtest.h>

#include "profile/http1/test_support.h"

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

TEST(AgentRequest, becomes_three_messages_in_their_contexts) {
  Agent agent;
  ASSERT_OK(agent.send(
      "POST /p?q HTTP/1.1\r\nAccept: */*\r\nAUTHORIZATION: Basic x\r\nHost: A.Example:80\r\nCookie:  a=b \r\n"
      "Connection: keep-alive, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\n"
      "louver-client: me\r\nLOUVER_Client: me\r\nlouver.x: me\r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello"));
  EXPECT_EQ(agent.sink.text(ids.request_head),
            "POST /p?q HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-empty: \r\ncontent-length: 5\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_credentials),
            bound_to("POST", "a.example", "/p?q") + "authorization: Basic x\r\ncookie: a=b\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_body), "hello");
  ASSERT_EQ(agent.sink.parts.size(), 3U);
  for (const OwnedPart& part : agent.sink.parts) {
    EXPECT_TRUE(part.end);
    EXPECT_EQ(part.exchange, Exchange{1});
    EXPECT_EQ(part.direction, Direction::c2s);
  }
  EXPECT_EQ(agent.sink.parts[0].context, ids.request_head);
  EXPECT_EQ(agent.sink.parts[1].context, ids.request_credentials);
  EXPECT_EQ(agent.sink.parts[2].context, ids.request_body);
  EXPECT_EQ(agent.seen, std::vector{"POST a.example:80 /p?q"s});
}

TEST(AgentRequest, without_credentials_and_body_sends_messages_that_hold_none) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  EXPECT_EQ(agent.sink.text(ids.request_head), "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(agent.sink.ended(ids.request_credentials));
  EXPECT_TRUE(agent.sink.ended(ids.request_body));
  EXPECT_EQ(agent.sink.text(ids.request_credentials), bound_to("GET", "a", "/"));
  EXPECT_EQ(agent.sink.text(ids.request_body), "");
}

TEST(AgentRequest, in_chunks_has_no_content_length_and_loses_its_trailers) {
  Agent agent;
  ASSERT_OK(
      agent.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunkeD\r\nTrailer: x\r\n\r\n"
                 "3;a=b;c=\"d\\\"e\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nlouver-client: me\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_head), "POST / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_body), "abc0123456789");
  EXPECT_TRUE(agent.sink.ended(ids.request_body));
}

TEST(AgentRequest, in_absolute_form_becomes_origin_form) {
  Agent agent{forward_proxy()};
  ASSERT_OK(agent.send("GET http://A.example HTTP/1.1\r\nHost: a.EXAMPLE:80\r\n\r\n"));
  ASSERT_OK(agent.send("GET HTTP://a.example:8080?x=/../ HTTP/1.1\r\nHost: a.example:8080\r\n\r\n"));
  ASSERT_OK(agent.send("OPTIONS http://[2001:DB8::0:1] HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n"));
  ASSERT_OK(agent.send("GET http://a.example/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_head, 1), "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_head, 2), "GET /?x=/../ HTTP/1.1\r\nhost: a.example:8080\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_head, 3), "OPTIONS * HTTP/1.1\r\nhost: [2001:db8::1]\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_head, 4), "GET /x HTTP/1.1\r\nhost: a.example\r\n\r\n");
}

TEST(AgentRequest, of_a_forward_proxy_needs_absolute_form) {
  Agent agent{forward_proxy()};
  ASSERT_OK(agent.send(simple_get));
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 400 "));
}

TEST(AgentRequest, one_empty_line_before_it_is_forgiven) {
  Agent agent;
  for (const char octet : "\r\n" + simple_get + "\r\n" + simple_get) ASSERT_OK(agent.send({&octet, 1}));
  EXPECT_EQ(agent.seen.size(), 2U);
}

TEST(AgentRequest, of_http_1_0_without_host_goes_to_the_default_authority) {
  AgentOptions options;
  options.rules.default_authority = "shop.example";
  Agent agent{options};
  ASSERT_OK(agent.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_head), "GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n");
}

TEST(AgentDecision, wait_consumes_the_head_and_asks_again) {
  Agent agent;
  agent.decision = AgentDecision::wait();
  ASSERT_OK(agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"));
  EXPECT_EQ(agent.unread, "hi");
  EXPECT_FALSE(agent.codec.wants_input());
  EXPECT_TRUE(agent.sink.parts.empty());
  agent.decision = AgentDecision::accept();
  ASSERT_OK(agent.send(""));
  EXPECT_EQ(agent.seen.size(), 2U);
  EXPECT_EQ(agent.sink.text(ids.request_body), "hi");
}

TEST(AgentDecision, refuse_answers_and_closes) {
  Agent agent;
  agent.decision = AgentDecision::refuse(421, "this host is not in the map");
  ASSERT_OK(agent.send(simple_get));
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 421 Misdirected Request\r\n"));
  EXPECT_TRUE(agent.sink.parts.empty());
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentDecision, that_never_comes_can_be_answered_with_a_failure) {
  Agent agent;
  agent.decision = AgentDecision::wait();
  ASSERT_OK(agent.send(simple_get));
  EXPECT_EQ(agent.codec.answer_failure(504, "no session"), FailureAnswer::answered);
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 504 "));
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentSession, starts_again_at_exchange_1) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  EXPECT_FAULT(Fault::internal_error, agent.codec.start_session());
  ASSERT_OK(agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  ASSERT_OK(agent.codec.start_session());
  agent.sink.parts.clear();
  ASSERT_OK(agent.send(simple_get));
  EXPECT_EQ(agent.sink.parts.front().exchange, Exchange{1});
  ASSERT_OK(agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentPipeline, is_bounded_and_goes_on) {
  AgentOptions options;
  options.limits.open_exchanges = 2;
  Agent agent{options};
  ASSERT_OK(agent.send(simple_get + simple_get + simple_get));
  EXPECT_EQ(agent.unread, simple_get);
  EXPECT_FALSE(agent.codec.wants_input());
  ASSERT_OK(agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(agent.codec.wants_input());
  ASSERT_OK(agent.send(""));
  EXPECT_TRUE(agent.unread.empty());
  EXPECT_EQ(agent.codec.open_exchanges(), 2U);
}

TEST(AgentApplication, that_closes_between_requests_gets_what_is_due) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_FALSE(agent.codec.wants_close());
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentApplication, that_closes_before_any_request_has_ended) {
  Agent agent;
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.on_session_end(true), FailureAnswer::nothing_open);
}

TEST(AgentApplication, that_closes_while_a_decision_is_due_gets_its_answer) {
  Agent agent;
  agent.decision = AgentDecision::wait();
  ASSERT_OK(agent.send(simple_get));
  ASSERT_OK(agent.codec.application_closed());
  agent.decision = AgentDecision::accept();
  ASSERT_OK(agent.send(""));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentApplication, that_closes_within_a_head_sends_nothing_on) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHo"));
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(agent.sink.parts.empty());
}

TEST(AgentApplication, that_closes_within_a_body_truncates) {  // OR-04
  for (const char* framing : {"Content-Length: 3", "Transfer-Encoding: chunked"}) {
    Agent agent;
    ASSERT_OK(agent.send("POST / HTTP/1.1\r\nHost: a\r\n" + std::string{framing} + "\r\n\r\n"));
    ASSERT_OK(agent.send("2\r"));
    EXPECT_FAULT(Fault::truncated, agent.codec.application_closed());
    EXPECT_FALSE(agent.sink.ended(ids.request_body));
  }
}

}  // namespace
}  // namespace louver::profile::http1::test
