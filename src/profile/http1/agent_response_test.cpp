#include <gtest/gtest.h>

#include "profile/http1/agent.h"
#include "profile/http1/test_support.h"

// The agent's way back: order, framing, ends.

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

TEST(AgentResponse, in_any_order_between_contexts_is_written_in_the_order_of_requests) {  // OR-06
  Agent agent;
  ASSERT_OK(agent.send(simple_get + simple_get));
  const std::string head = "HTTP/1.1 200 OK\r\nx: 2\r\ncontent-length: 3\r\n\r\n";
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "o", false)));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "ne")));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 2, "two")));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 1, "set-cookie: a=1\r\n")));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 2, "")));
  EXPECT_TRUE(agent.take_output().empty());
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 200 OK\r\nx: 1\r\ncon", false)));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "tent-length: 3\r\n\r\n")));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nx: 1\r\nset-cookie: a=1\r\ncontent-length: 3\r\n\r\none");
  ASSERT_OK(agent.receive(response_part(ids.response_head, 2, head)));
  EXPECT_EQ(agent.take_output(), head + "two");
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentResponse, of_unknown_length_comes_in_chunks) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 200 OK\r\n\r\n")));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 1, "")));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, std::string(17, 'a'), false)));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "", false)));
  EXPECT_EQ(agent.take_output(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11\r\n" + std::string(17, 'a') + "\r\n");
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "")));
  EXPECT_EQ(agent.take_output(), "0\r\n\r\n");
  EXPECT_FALSE(agent.codec.wants_close());
}

TEST(AgentResponse, to_http_1_0_ends_with_the_connection_unless_its_length_is_known) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 103 Early Hints\r\n\r\n")));
  EXPECT_TRUE(agent.take_output().empty()) << "HTTP/1.0 knows no interim responses";
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", "x"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx");
  ASSERT_OK(agent.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
  ASSERT_OK(agent.respond(2, "HTTP/1.1 200 OK\r\n\r\n", "x"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nx");
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentResponse, to_http_1_0_closes_unless_it_asked_to_go_on) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", "x"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx");
  EXPECT_TRUE(agent.codec.wants_close());
}

TEST(AgentResponse, to_head_or_without_content_has_no_body_whatever_its_length_says) {
  Agent agent;
  ASSERT_OK(agent.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + simple_get + simple_get));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"));
  ASSERT_OK(agent.respond(2, "HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n"));
  ASSERT_OK(agent.respond(3, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(agent.take_output(),
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n"
            "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentResponse, closes_when_the_application_asked_for_it) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + simple_get));
  EXPECT_EQ(agent.codec.open_exchanges(), 1U) << "what comes behind the last request is nobody's";
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentResponse, before_the_end_of_the_request_is_the_last) {  // HT-06
  Agent agent;
  ASSERT_OK(agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n"));
  EXPECT_NE(agent.sink.text(ids.request_head).find("\r\nexpect: 100-continue\r\n"), std::string::npos);
  ASSERT_OK(agent.respond(1, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_NE(agent.take_output().find("connection: close"), std::string::npos);
  EXPECT_TRUE(agent.codec.wants_close());
  const std::size_t parts = agent.sink.parts.size();
  ASSERT_OK(agent.send(simple_get));  // instead of the body: must be neither body nor request
  EXPECT_EQ(agent.sink.parts.size(), parts);
  EXPECT_EQ(agent.codec.open_exchanges(), 1U) << "the session is not whole";
}

TEST(AgentResponse, that_streams_beside_its_request_lets_both_come_to_an_end) {
  Agent agent;
  ASSERT_OK(agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 200 OK\r\n\r\n")));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 1, "")));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "AB", false)));
  ASSERT_OK(agent.send("cd"));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "CD")));
  EXPECT_TRUE(agent.take_output().ends_with("connection: close\r\n\r\n2\r\nAB\r\n2\r\nCD\r\n0\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_body), "abcd");
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentExpectation, without_content_or_in_http_1_0_is_void) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_OK(agent.send(
      "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"));
  EXPECT_EQ(agent.sink.text(ids.request_head, 1).find("expect"), std::string::npos);
  EXPECT_EQ(agent.sink.text(ids.request_head, 2).find("expect"), std::string::npos);
}

TEST(AgentExpectation, is_answered_by_the_interim_response_of_the_other_end) {
  Agent agent;
  ASSERT_OK(agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 100 Continue\r\n\r\n")));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_OK(agent.send("x"));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

TEST(AgentInterim, sixteen_may_come_and_no_more) {
  for (const int count : {16, 17}) {
    Agent agent;
    ASSERT_OK(agent.send(simple_get));
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 103 Early Hints\r\n\r\n")));
    }
    const auto result = agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 204 No Content\r\n\r\n"));
    EXPECT_EQ(result.has_value(), count == 16);
  }
}

TEST(AgentSessionEnd, before_an_answer_gives_502) {
  for (const bool clean : {true, false}) {
    Agent agent;
    ASSERT_OK(agent.send(simple_get + simple_get));
    EXPECT_EQ(agent.codec.on_session_end(clean), FailureAnswer::answered);
    const std::string output = agent.take_output();
    EXPECT_TRUE(output.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
    EXPECT_EQ(output.find("HTTP/1.1", 1), std::string::npos) << "the other request gets no answer";
    EXPECT_TRUE(agent.codec.wants_close());
    EXPECT_GT(agent.codec.open_exchanges(), 0U);
  }
}

TEST(AgentSessionEnd, is_told_to_the_exchange_that_is_due_first) {  // HT-06
  Agent agent;
  ASSERT_OK(agent.send(simple_get + simple_get + simple_get));
  EXPECT_EQ(agent.codec.first_open_exchange(), Exchange{1});
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok"));
  EXPECT_EQ(agent.codec.first_open_exchange(), Exchange{2});
  ASSERT_OK(agent.respond(3, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok"));
  EXPECT_EQ(agent.codec.first_open_exchange(), Exchange{2}) << "the third waits for the second";
}

TEST(AgentSessionEnd, behind_interim_responses_gives_502_still) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 103 Early Hints\r\n\r\n")));
  agent.take_output();
  EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::answered);
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 502 "));
}

TEST(AgentSessionEnd, within_an_answer_is_never_its_end) {  // HT-11
  const struct {
    const char* request;
    const char* head;
  } cases[] = {{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"},
               {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
               {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}};
  for (const auto& c : cases) {
    for (const std::string& body : {""s, "abc"s, "abcdef"s}) {
      Agent agent;
      ASSERT_OK(agent.send(c.request));
      ASSERT_OK(agent.receive(response_part(ids.response_head, 1, c.head)));
      ASSERT_OK(agent.receive(response_part(ids.response_credentials, 1, "")));
      ASSERT_OK(agent.receive(response_part(ids.response_body, 1, body, false)));
      EXPECT_EQ(agent.codec.on_session_end(true), FailureAnswer::must_reset);
      EXPECT_TRUE(agent.codec.wants_reset());
      EXPECT_FALSE(agent.codec.wants_close());
      EXPECT_EQ(agent.take_output().find("0\r\n\r\n"), std::string::npos) << "no last chunk";
      EXPECT_EQ(agent.codec.answer_failure(502, "x"), FailureAnswer::must_reset);
      EXPECT_TRUE(agent.take_output().empty());
    }
  }
}

TEST(AgentTombstone, in_a_body_is_filled_to_its_length) {
  Agent agent;
  ASSERT_OK(agent.send(simple_get));
  OwnedPart tombstone = response_part(ids.response_body, 1, "", false);
  tombstone.redacted = true;
  tombstone.redacted_bytes = 3;
  ASSERT_OK(agent.receive(tombstone));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "ab"));
  EXPECT_TRUE(agent.take_output().ends_with("\r\n\r\nxxxab"));
  tombstone.redacted_bytes = 65537;
  ASSERT_OK(agent.send(simple_get));
  tombstone.exchange = Exchange{2};
  EXPECT_FAULT(Fault::limit_exceeded, agent.receive(tombstone));
}

TEST(AgentTombstone, in_a_head_or_credentials_is_refused) {
  for (const ContextId context : {ids.response_head, ids.response_credentials}) {
    Agent agent;
    ASSERT_OK(agent.send(simple_get));
    OwnedPart tombstone = response_part(context, 1, "", false);
    tombstone.redacted = true;
    EXPECT_FAULT(Fault::blocked_by_policy, agent.receive(tombstone));
  }
}

TEST(AgentLimits, parts_before_their_turn_are_held_up_to_a_bound) {
  AgentOptions options;
  options.limits.held_bytes = 100;
  Agent agent{options};
  ASSERT_OK(agent.send(simple_get + simple_get));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, std::string(60, 'a'), false)));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 2, std::string(40, 'b'), false)));
  EXPECT_FAULT(Fault::limit_exceeded, agent.receive(response_part(ids.response_body, 1, "c", false)));
}

TEST(AgentLimits, what_passed_counts_no_more) {
  AgentOptions options;
  options.limits.held_bytes = 200;
  Agent agent{options};
  for (std::uint32_t n = 1; n <= 50; ++n) {
    ASSERT_OK(agent.send(simple_get));
    ASSERT_OK(agent.receive(response_part(ids.response_body, n, std::string(100, 'a'), false)));
    ASSERT_OK(agent.respond(n, "HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'b'), "set-cookie: x\r\n"));
  }
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
  EXPECT_TRUE(agent.codec.wants_parts());
}

}  // namespace
}  // namespace louver::profile::http1::test
