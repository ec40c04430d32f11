#include <gtest/gtest.h>

#include "profile/http1/agent.h"
#include "profile/http1/test_support.h"

/// JN-02: a request is sent a second time only where that cannot be carried out twice, or certainly was not carried
/// out.
namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

std::string request_of(const std::string& method, const std::string& more = {}) {
  return method + " /pay HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\n" + more + "\r\n";
}
const std::string ok_head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";

// JN-02
TEST(AgentResend, JN_02_only_idempotent_methods_may_be_repeated_when_the_outcome_is_unknown) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    Agent agent;
    ASSERT_OK(agent.send(request_of(method)));
    EXPECT_TRUE(agent.codec.can_resend(false)) << method;
    EXPECT_TRUE(agent.codec.can_resend(true)) << method;
  }
  for (const char* method : {"POST", "PATCH", "LOCK", "get", "GETT", "PUTT"}) {
    Agent agent;
    ASSERT_OK(agent.send(request_of(method)));
    EXPECT_FALSE(agent.codec.can_resend(false)) << method;
    EXPECT_TRUE(agent.codec.can_resend(true)) << method << ": nobody has had it";
  }
}

TEST(AgentResend, sends_the_same_octets_again_as_the_first_exchange_of_another_session) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET")));
  ASSERT_OK(agent.respond(1, ok_head, "ok"));
  ASSERT_OK(agent.send(request_of("DELETE", "If-Match: x\r\n")));
  const auto first = std::exchange(agent.sink.parts, {});
  ASSERT_TRUE(agent.codec.can_resend(false));
  ASSERT_OK(agent.codec.resend());
  ASSERT_EQ(agent.sink.parts.size(), 3U);
  EXPECT_EQ(agent.sink.text(ids.request_head), "DELETE /pay HTTP/1.1\r\nhost: a\r\nif-match: x\r\n\r\n");
  EXPECT_EQ(agent.sink.text(ids.request_credentials), bound_to("DELETE", "a", "/pay") + "cookie: c=1\r\n");
  for (const OwnedPart& part : agent.sink.parts) {
    EXPECT_EQ(part.exchange, Exchange{1});
    EXPECT_TRUE(part.end);
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(agent.sink.parts[i].bytes, first[first.size() - 3 + i].bytes);
}

TEST(AgentResend, the_answer_of_the_second_try_is_the_only_one_and_requests_go_on_behind_it) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET")));
  ASSERT_OK(agent.codec.resend());
  ASSERT_OK(agent.respond(1, ok_head, "ok"));
  const std::string output = agent.take_output();
  EXPECT_TRUE(output.starts_with("HTTP/1.1 200 ")) << output;
  EXPECT_EQ(output.find("HTTP/1.1", 1), std::string::npos) << output;
  EXPECT_FALSE(agent.codec.wants_close());
  ASSERT_OK(agent.send(request_of("GET")));
  EXPECT_TRUE(agent.sink.ended(ids.request_head, 2));
  ASSERT_OK(agent.respond(2, ok_head, "ok"));
}

// JN-02
TEST(AgentResend, JN_02_may_be_repeated_several_times_as_long_as_nothing_came) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET")));
  for (int i = 0; i < 3; ++i) ASSERT_OK(agent.codec.resend());
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, ok_head)));
  EXPECT_FALSE(agent.codec.can_resend(true));
}

// JN-02
TEST(AgentResend, JN_02_not_once_anything_of_the_answer_has_come) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET")));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 20", false)));
  EXPECT_FALSE(agent.codec.can_resend(false));
  EXPECT_FALSE(agent.codec.can_resend(true));
  const auto sent = agent.sink.parts.size();
  const auto again = agent.codec.resend();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::internal_error);
  EXPECT_EQ(agent.sink.parts.size(), sent) << "nothing has gone out";
}

// JN-02
TEST(AgentResend, JN_02_not_after_an_interim_answer) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET")));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 1, "HTTP/1.1 103 Early Hints\r\n\r\n")));
  EXPECT_FALSE(agent.codec.can_resend(true));
}

// JN-02
TEST(AgentResend, JN_02_not_with_a_body_whatever_the_method_since_it_is_not_kept) {
  for (const char* more : {"Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"}) {
    Agent agent;
    ASSERT_OK(agent.send(request_of("PUT", more) + (more[0] == 'C' ? "hi" : "2\r\nhi\r\n0\r\n\r\n")));
    EXPECT_TRUE(agent.sink.ended(ids.request_body));
    EXPECT_FALSE(agent.codec.can_resend(true)) << more;
    EXPECT_FALSE(agent.codec.resend());
  }
}

// JN-02
TEST(AgentResend, JN_02_not_while_its_body_is_still_to_come) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("PUT", "Content-Length: 5\r\n") + "hi"));
  EXPECT_FALSE(agent.codec.can_resend(true));
}

TEST(AgentResend, an_empty_body_of_a_stated_length_is_no_body) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("PUT", "Content-Length: 0\r\n")));
  EXPECT_TRUE(agent.codec.can_resend(false));
}

// JN-02
TEST(AgentResend, JN_02_not_where_several_wait_for_answers) {
  Agent agent;
  ASSERT_OK(agent.send(request_of("GET") + request_of("GET")));
  ASSERT_EQ(agent.codec.open_exchanges(), 2U);
  EXPECT_FALSE(agent.codec.can_resend(true));
  ASSERT_OK(agent.respond(1, ok_head, "ok"));
  EXPECT_TRUE(agent.codec.can_resend(false)) << "the newest alone is left, and nothing of its own answer has come";
}

TEST(AgentResend, there_is_nothing_to_repeat_before_a_request_and_after_its_answer) {
  Agent agent;
  EXPECT_FALSE(agent.codec.can_resend(true));
  EXPECT_FALSE(agent.codec.resend());
  ASSERT_OK(agent.send(request_of("GET")));
  ASSERT_OK(agent.respond(1, ok_head, "ok"));
  EXPECT_FALSE(agent.codec.can_resend(true));
  EXPECT_FALSE(agent.codec.resend());
}

TEST(AgentResend, one_that_was_refused_here_was_never_sent) {
  Agent agent;
  agent.decision = AgentDecision::refuse(403, "not here");
  ASSERT_OK(agent.send(request_of("GET")));
  EXPECT_FALSE(agent.codec.can_resend(true));
}

}  // namespace
}  // namespace louver::profile::http1::test
