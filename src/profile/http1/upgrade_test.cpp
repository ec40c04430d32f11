#include <gtest/gtest.h>

#include "profile/http1/test_support.h"
#include "profile/http1/websocket.h"

// WebSocket through Upgrade (HT-09): a tunnel only behind an authentic 101, and each direction to its own end.

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

// the example of RFC 6455 §1.3
const std::string accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const std::string asking =
    "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nCookie: c=1\r\n" +
    websocket_key + "\r\n";
const std::string request_head = "GET /chat HTTP/1.1\r\nhost: a\r\n" + websocket_key + "upgrade: websocket\r\n\r\n";
const std::string switching = "HTTP/1.1 101 Switching Protocols\r\n";
const std::string response_head = switching + "sec-websocket-accept: " + accept + "\r\nupgrade: websocket\r\n\r\n";
const std::string origins_101 =
    switching + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n";

TEST(WebSocket, accept_is_that_of_the_example_of_the_standard) {
  EXPECT_EQ(websocket_accept({{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}), accept);
}

/// An agent whose application has asked, and nothing of the answer has come.
struct Asking : Agent {
  Asking() {
    EXPECT_OK(send(asking));
    EXPECT_EQ(sink.text(ids.request_head), request_head);
    EXPECT_EQ(sink.text(ids.request_credentials), bound_to("GET", "a", "/chat") + "cookie: c=1\r\n");
    EXPECT_EQ(sink.parts.size(), 2U) << "something of the body before the answer";
    EXPECT_TRUE(codec.wants_input());
  }
  Result<> answer(std::string head, std::string credentials = {}) {
    LOUVER_TRY(receive(response_part(ids.response_head, 1, std::move(head))));
    return receive(response_part(ids.response_credentials, 1, std::move(credentials)));
  }
};

struct Tunnelling : Asking {
  Tunnelling() {
    EXPECT_OK(answer(response_head, "set-cookie: d=2\r\n"));
    EXPECT_EQ(take_output(), switching + "sec-websocket-accept: " + accept +
                                 "\r\nset-cookie: d=2\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
  }
};

TEST(AgentTunnel, carries_octets_as_they_are_both_ways_until_both_ends) {
  Tunnelling agent;
  ASSERT_OK(agent.send("\x81\x00GET / HTTP/1.1\r\n\r\n"s));
  EXPECT_EQ(agent.sink.text(ids.request_body), "\x81\x00GET / HTTP/1.1\r\n\r\n"s);
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "hello", false)));
  EXPECT_EQ(agent.take_output(), "hello") << "at once, and in no chunk";
  EXPECT_FALSE(agent.sink.ended(ids.request_body));

  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "bye", true)));
  EXPECT_EQ(agent.take_output(), "bye");
  EXPECT_TRUE(agent.codec.output_ended());
  EXPECT_FALSE(agent.codec.wants_close()) << "the application may go on";
  EXPECT_EQ(agent.codec.open_exchanges(), 1U);
  ASSERT_OK(agent.send("more"));
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_TRUE(agent.sink.text(ids.request_body).ends_with("more"));
  EXPECT_TRUE(agent.sink.ended(ids.request_body));
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(AgentTunnel, whose_application_ends_first_goes_on_the_other_way) {
  Tunnelling agent;
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_TRUE(agent.sink.ended(ids.request_body));
  EXPECT_FALSE(agent.codec.wants_close());
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "late", false)));
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "", true)));
  EXPECT_EQ(agent.take_output(), "late");
  EXPECT_TRUE(agent.codec.wants_close());
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
  EXPECT_EQ(agent.codec.on_session_end(true), FailureAnswer::nothing_open);
}

TEST(AgentTunnel, that_is_lost_resets_the_application) {  // HT-11
  Tunnelling agent;
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "half", false)));
  EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::must_reset);
  Tunnelling ended;
  ASSERT_OK(ended.receive(response_part(ids.response_body, 1, "all", true)));
  EXPECT_EQ(ended.codec.on_session_end(true), FailureAnswer::must_reset) << "the other direction has no end";
}

TEST(AgentTunnel, takes_nothing_behind_its_end) {
  Tunnelling agent;
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "", true)));
  EXPECT_FAULT(Fault::record_order, agent.receive(response_part(ids.response_body, 1, "x", false)));
  Tunnelling twice;
  EXPECT_FAULT(Fault::record_order, twice.receive(response_part(ids.response_head, 1, response_head)));
}

TEST(AgentTunnel, with_something_redacted_ends) {
  OwnedPart tombstone = response_part(ids.response_body, 1, "", false);
  tombstone.redacted = true;
  tombstone.redacted_bytes = 4;
  Tunnelling agent;
  EXPECT_FAULT(Fault::blocked_by_policy, agent.receive(tombstone));
  EXPECT_EQ(agent.take_output(), "") << "no octet stands in for what was taken out";
  Asking early;  // the contexts overtake each other
  ASSERT_OK(early.receive(tombstone));
  EXPECT_FAULT(Fault::blocked_by_policy, early.answer(response_head));
  EXPECT_EQ(early.take_output(), "");
}

TEST(AgentTunnel, whose_octets_come_before_its_head_keeps_them) {  // OR-06
  Asking agent;
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "early", false)));
  EXPECT_EQ(agent.take_output(), "");
  ASSERT_OK(agent.answer(response_head));
  EXPECT_TRUE(agent.take_output().ends_with("\r\n\r\nearly"));
}

TEST(AgentUpgrade, that_is_refused_is_an_answer_like_any_other) {
  Asking agent;
  ASSERT_OK(agent.answer("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\n"));
  EXPECT_TRUE(agent.sink.ended(ids.request_body)) << "the request has no more to say";
  EXPECT_EQ(agent.sink.text(ids.request_body), "");
  ASSERT_OK(agent.receive(response_part(ids.response_body, 1, "no")));
  EXPECT_EQ(agent.take_output(), "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno");
  EXPECT_FALSE(agent.codec.wants_close());
  ASSERT_OK(agent.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(agent.sink.text(ids.request_head, 2), "GET /next HTTP/1.1\r\nhost: a\r\n\r\n");
}

TEST(AgentUpgrade, refused_in_one_go_ends_the_request_too) {
  Asking agent;
  ASSERT_OK(agent.respond(1, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
  Asking reordered;
  ASSERT_OK(reordered.receive(response_part(ids.response_body, 1, "")));
  ASSERT_OK(reordered.answer("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  for (const Asking* one : {&agent, &reordered}) EXPECT_TRUE(one->sink.ended(ids.request_body));
}

TEST(AgentUpgrade, behind_other_requests_waits_for_their_answers) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + asking));
  ASSERT_OK(agent.receive(response_part(ids.response_head, 2, response_head)));
  ASSERT_OK(agent.receive(response_part(ids.response_credentials, 2, "")));
  EXPECT_EQ(agent.take_output(), "");
  ASSERT_OK(agent.respond(1, "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 101 "));
  ASSERT_OK(agent.send("x"));
  EXPECT_EQ(agent.sink.text(ids.request_body, 2), "x");
}

TEST(AgentUpgrade, HT_09_octets_before_the_101_are_400_and_never_a_request) {
  const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
  Agent together;
  ASSERT_OK(together.send(asking + smuggled));
  EXPECT_TRUE(together.sink.parts.empty()) << "not even the request went on";
  EXPECT_TRUE(together.take_output().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(together.codec.wants_close());

  Asking behind;
  EXPECT_FAULT(Fault::bad_value, behind.send(smuggled));
  EXPECT_TRUE(behind.take_output().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(behind.codec.wants_close());
  EXPECT_FALSE(behind.sink.ended(ids.request_body)) << "nobody may take the session for whole";
  EXPECT_EQ(behind.sink.text(ids.request_body), "");
  EXPECT_EQ(behind.sink.text(ids.request_head, 2), "");
}

TEST(AgentUpgrade, HT_09_octets_that_come_while_a_decision_is_due_are_400) {
  Agent agent;
  agent.decision = AgentDecision::wait();
  ASSERT_OK(agent.send(asking));
  agent.decision = AgentDecision::accept();
  ASSERT_OK(agent.send("x"));
  EXPECT_TRUE(agent.sink.parts.empty());
  EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 400 "));
}

TEST(AgentUpgrade, whose_application_leaves_before_the_answer_truncates) {
  Asking agent;
  EXPECT_FAULT(Fault::truncated, agent.codec.application_closed());
  EXPECT_FALSE(agent.sink.ended(ids.request_body));
}

TEST(AgentUpgrade, HT_09_a_101_that_is_not_authentic_begins_no_tunnel) {
  const std::string others[] = {
      switching + "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nupgrade: websocket\r\n\r\n",
      switching + "sec-websocket-accept: " + accept + "x\r\nupgrade: websocket\r\n\r\n",
      switching + "sec-websocket-accept: " + accept + "\r\nsec-websocket-accept: " + accept +
          "\r\nupgrade: websocket\r\n\r\n",
      switching + "upgrade: websocket\r\n\r\n",
  };
  for (const std::string& head : others) {
    SCOPED_TRACE(head);
    Asking agent;
    EXPECT_FAULT(Fault::bad_value, agent.answer(head));
    EXPECT_EQ(agent.take_output(), "");
    EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::answered);
    EXPECT_TRUE(agent.take_output().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(agent.sink.text(ids.request_body), "");
  }
}

TEST(AgentUpgrade, HT_09_a_101_that_nobody_asked_for_is_refused) {
  Agent agent;
  ASSERT_OK(agent.send("GET / HTTP/1.1\r\nHost: a\r\n" + websocket_key + "\r\n"));
  EXPECT_FAULT(Fault::bad_value, agent.respond(1, response_head));
  EXPECT_EQ(agent.take_output(), "");
}

TEST(AgentUpgrade, JN_02_is_sent_again_only_before_anything_of_its_answer) {
  Asking agent;
  EXPECT_TRUE(agent.codec.can_resend(false));
  agent.sink.parts.clear();
  ASSERT_OK(agent.codec.resend());
  EXPECT_EQ(agent.sink.text(ids.request_head), request_head);
  EXPECT_FALSE(agent.sink.ended(ids.request_body));
  ASSERT_OK(agent.answer(response_head));
  EXPECT_FALSE(agent.codec.can_resend(true));
  ASSERT_OK(agent.send("x"));
  EXPECT_EQ(agent.sink.text(ids.request_body), "x");
}

TEST(AgentUpgrade, of_a_page_of_the_same_site_is_taken) {  // HT-13
  for (const char* field :
       {"Origin: http://a\r\n", "Origin: http://A:80\r\n", "", "Origin: http://b\r\nSec-Fetch-Site: same-site\r\n"}) {
    Agent agent;
    ASSERT_OK(agent.send(asking.substr(0, asking.size() - 2) + field + "\r\n"));
    EXPECT_EQ(agent.seen.size(), 1U) << field << agent.take_output();
  }
}

/// A gateway that has asked an origin, and nothing of the answer has come.
struct Asked101 : Gateway {
  Asked101() {
    EXPECT_OK(receive(request_part(ids.request_head, 1, request_head)));
    EXPECT_OK(receive(request_part(ids.request_credentials, 1, "cookie: c=1\r\n")));
    EXPECT_EQ(take_output(), "GET /chat HTTP/1.1\r\nhost: a\r\n" + websocket_key +
                                 "cookie: c=1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
  }
};

struct Tunnel : Asked101 {
  Tunnel() {
    EXPECT_OK(origin_sends(origins_101 + "Set-Cookie: d=2\r\n\r\n"));
    EXPECT_EQ(sink.text(ids.response_head), response_head);
    EXPECT_EQ(sink.text(ids.response_credentials), "set-cookie: d=2\r\n");
    EXPECT_TRUE(codec.tunnelling());
  }
};

TEST(GatewayTunnel, carries_octets_as_they_are_both_ways_until_both_ends) {
  Tunnel gateway;
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_EQ(gateway.sink.text(ids.response_body), "HTTP/1.1 200 OK\r\n\r\n");
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "up", false)));
  EXPECT_EQ(gateway.take_output(), "up");

  const auto end = gateway.codec.origin_closed(true);
  ASSERT_OK(end);
  EXPECT_EQ(*end, GatewayCodec::OriginEnd::complete);
  EXPECT_TRUE(gateway.sink.ended(ids.response_body));
  EXPECT_TRUE(gateway.origin_done.empty()) << "it still takes what the client sends";
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "more", true)));
  EXPECT_EQ(gateway.take_output(), "more");
  EXPECT_EQ(gateway.origin_done, std::vector{false});
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
  EXPECT_OK(gateway.codec.on_session_end(true));
}

TEST(GatewayTunnel, whose_client_ends_first_goes_on_the_other_way) {
  Tunnel gateway;
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "last", true)));
  EXPECT_TRUE(gateway.codec.output_ended());
  EXPECT_EQ(gateway.take_output(), "last");
  EXPECT_OK(gateway.codec.on_session_end(true));
  ASSERT_OK(gateway.origin_sends("answer"));
  EXPECT_TRUE(gateway.origin_done.empty());
  ASSERT_OK(gateway.codec.origin_closed(true));
  EXPECT_EQ(gateway.sink.text(ids.response_body), "answer");
  EXPECT_TRUE(gateway.sink.ended(ids.response_body));
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
}

TEST(GatewayTunnel, takes_what_the_origin_says_right_behind_its_101_and_in_pieces) {
  const std::string said = origins_101 + "\r\nhello";
  for (const std::size_t piece : {std::size_t{1}, said.size()}) {
    Asked101 gateway;
    for (std::size_t at = 0; at < said.size(); at += piece) ASSERT_OK(gateway.origin_sends(said.substr(at, piece)));
    EXPECT_EQ(gateway.sink.text(ids.response_head), response_head);
    EXPECT_EQ(gateway.sink.text(ids.response_body), "hello");
  }
}

TEST(GatewayTunnel, that_breaks_truncates) {  // HT-11
  Tunnel gateway;
  ASSERT_OK(gateway.origin_sends("half"));
  EXPECT_FAULT(Fault::truncated, gateway.codec.origin_closed(false));
  EXPECT_FALSE(gateway.sink.ended(ids.response_body));
  Tunnel client_gone;
  EXPECT_FAULT(Fault::truncated, client_gone.codec.on_session_end(true));
}

TEST(GatewayTunnel, whose_origin_breaks_behind_its_own_end_needs_no_more) {
  Tunnel gateway;
  ASSERT_OK(gateway.codec.origin_closed(true));
  ASSERT_OK(gateway.codec.origin_closed(false));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "for nobody", false)));
  EXPECT_EQ(gateway.take_output(), "");
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "")));
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
}

TEST(GatewayTunnel, with_something_redacted_ends) {
  Tunnel gateway;
  OwnedPart tombstone = request_part(ids.request_body, 1, "", false);
  tombstone.redacted = true;
  tombstone.redacted_bytes = 4;
  EXPECT_FAULT(Fault::blocked_by_policy, gateway.receive(tombstone));
  EXPECT_EQ(gateway.take_output(), "");
}

TEST(GatewayTunnel, is_the_last_exchange_of_its_session) {
  Tunnel gateway;
  EXPECT_FAULT(Fault::record_exchange, gateway.receive(request_part(ids.request_head, 2, request_head)));
  Asked101 ahead;
  ASSERT_OK(ahead.receive(request_part(ids.request_head, 2, request_head)));
  EXPECT_FAULT(Fault::record_exchange, ahead.origin_sends(origins_101 + "\r\n"));
  Tunnel over;
  ASSERT_OK(over.receive(request_part(ids.request_body, 1, "")));
  ASSERT_OK(over.codec.origin_closed(true));
  EXPECT_FAULT(Fault::record_exchange, over.receive(request_part(ids.request_head, 2, request_head)));
}

TEST(GatewayUpgrade, that_the_origin_refuses_is_an_answer_like_any_other) {
  Asked101 gateway;
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\no"));
  EXPECT_EQ(gateway.sink.text(ids.response_head), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
  EXPECT_FALSE(gateway.codec.tunnelling());
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "")));
  ASSERT_OK(gateway.origin_sends("k"));
  EXPECT_EQ(gateway.sink.text(ids.response_body), "ok");
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
  ASSERT_OK(gateway.request(2, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_EQ(gateway.seen.size(), 2U);
}

TEST(GatewayUpgrade, HT_09_no_octet_reaches_the_origin_before_its_101) {
  for (const bool end : {false, true}) {
    for (const char* octets : {"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n", ""}) {
      if (!end && *octets == 0) continue;
      Asked101 gateway;
      EXPECT_FAULT(Fault::bad_value, gateway.receive(request_part(ids.request_body, 1, octets, end)));
      EXPECT_EQ(gateway.take_output(), "");
    }
  }
}

TEST(GatewayUpgrade, HT_09_octets_behind_another_answer_are_for_nobody) {
  Asked101 gateway;
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_EQ(gateway.take_output(), "");
  EXPECT_EQ(gateway.origin_done, std::vector{false}) << "the connection is not used again";
}

TEST(GatewayUpgrade, on_a_kept_connection_that_was_closed_is_sent_again) {
  Gateway gateway;
  gateway.decision.reused_connection = true;
  ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, request_head)));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  const std::string asked = gateway.take_output();
  const auto end = gateway.codec.origin_closed(true);
  ASSERT_OK(end);
  EXPECT_EQ(*end, GatewayCodec::OriginEnd::retry);
  EXPECT_EQ(gateway.take_output(), asked);
  ASSERT_OK(gateway.origin_sends(origins_101 + "\r\n"));
  EXPECT_TRUE(gateway.codec.tunnelling());
}

struct BadSwitch {
  const char* name;
  std::string answer;
};

const BadSwitch bad_switches[] = {
    {"no_accept", switching + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
    {"accept_of_another_key", switching + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                          "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"},
    {"key_echoed", switching + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
    {"two_accepts", origins_101 + "Sec-WebSocket-Accept: " + accept + "\r\n\r\n"},
    {"no_upgrade", switching + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"},
    {"h2c", switching + "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"},
    {"two_upgrades", origins_101 + "Upgrade: h2c\r\n\r\n"},
    {"not_nominated", switching + "Upgrade: websocket\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"},
    {"http_1_0", "HTTP/1.0" + origins_101.substr(8) + "\r\n"},
    {"content", origins_101 + "Content-Length: 5\r\n\r\nhello"},
    {"chunked", origins_101 + "Transfer-Encoding: chunked\r\n\r\n"},
};

class GatewayBadSwitches : public testing::TestWithParam<BadSwitch> {};

TEST_P(GatewayBadSwitches, HT_09_become_502_and_begin_no_tunnel) {
  Asked101 gateway;
  ASSERT_OK(gateway.origin_sends(GetParam().answer));
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_FALSE(gateway.codec.tunnelling());
  EXPECT_EQ(gateway.origin_done, std::vector{false});
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "x")));
  EXPECT_EQ(gateway.take_output(), "");
}

INSTANTIATE_TEST_SUITE_P(HT09, GatewayBadSwitches, testing::ValuesIn(bad_switches),
                         [](const auto& test_case) { return std::string{test_case.param.name}; });

TEST(GatewayUpgrade, HT_09_a_101_that_nobody_asked_for_is_502) {
  Gateway gateway;
  ASSERT_OK(gateway.request(1, "GET / HTTP/1.1\r\nhost: a\r\n" + websocket_key + "\r\n"));
  gateway.take_output();
  ASSERT_OK(gateway.origin_sends(origins_101 + "\r\nhello"));
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gateway.sink.text(ids.response_body).find("hello"), std::string::npos);
}

TEST(GatewayUpgrade, HT_09_a_101_that_never_comes_is_502) {
  Asked101 gateway;
  const auto end = gateway.codec.origin_closed(true);
  ASSERT_OK(end);
  EXPECT_EQ(*end, GatewayCodec::OriginEnd::answered);
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 "));
}

}  // namespace
}  // namespace louver::profile::http1::test
