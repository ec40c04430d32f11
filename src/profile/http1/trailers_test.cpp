#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/http1/lift/test_support.h"
#include "profile/http1/test_support.h"
#include "profile/http1/trailers.h"

// Trailers in contexts of their own: carried where both ends want it, never merged into a head (HT-07).

namespace louver::profile::http1::test::trailers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr ContextId up = trailer_ids.request;
constexpr ContextId down = trailer_ids.response;

SessionPlan carrying() {
  SessionPlan out{.bind_target = false};
  out.trailers = trailer_ids;
  return out;
}

struct CarryingAgent : Agent {
  CarryingAgent() { EXPECT_OK(codec.start_session(carrying())); }
};
struct CarryingGateway : Gateway {
  CarryingGateway() : Gateway({}, carrying()) {}
  Result<> request_with(std::string head, std::string body, std::string trailers) {
    LOUVER_TRY(request(1, std::move(head), std::move(body)));
    return receive(request_part(up, 1, std::move(trailers)));
  }
};

const std::string chunked_post = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string post_head = "POST /p HTTP/1.1\r\nhost: a\r\n\r\n";
const std::string get_g = "GET /g HTTP/1.1\r\nhost: a\r\n\r\n";
const std::string ok_head = "HTTP/1.1 200 OK\r\n\r\n";
const std::string willing_get = "GET /g HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n";

// What stands in the head only: what frames, routes, carries credentials, asks, says how content is to be understood,
// belongs to one connection, or is Louver's own; and each as careless servers read it.
const char* const head_only[] = {"content-length",
                                 "transfer-encoding",
                                 "trailer",
                                 "te",
                                 "connection",
                                 "keep-alive",
                                 "upgrade",
                                 "host",
                                 "expect",
                                 "authorization",
                                 "cookie",
                                 "set-cookie",
                                 "proxy-authorization",
                                 "proxy-connection",
                                 "authentication-info",
                                 "www-authenticate",
                                 "content-type",
                                 "content-encoding",
                                 "content-range",
                                 "content-location",
                                 "cache-control",
                                 "pragma",
                                 "range",
                                 "if-match",
                                 "if-none-match",
                                 "max-forwards",
                                 "age",
                                 "date",
                                 "expires",
                                 "location",
                                 "retry-after",
                                 "vary",
                                 "via",
                                 "forwarded",
                                 "x-forwarded-for",
                                 "x-real-ip",
                                 "origin",
                                 "referer",
                                 "sec-fetch-site",
                                 "user-agent",
                                 "traceparent",
                                 "x-http-method-override",
                                 "x-original-url",
                                 "x-accel-redirect",
                                 "access-control-allow-origin",
                                 "content_length",
                                 "transfer.encoding",
                                 "content_digest",
                                 "x_forwarded_for",
                                 "cache.control",
                                 "proxy"};
const char* const louvers_own[] = {"louver-client", "louver_client", "louver-target", "louver-x"};

TEST(Trailers, HT_07_only_what_may_stand_behind_a_body_is_one) {
  for (const char* name : head_only) EXPECT_FALSE(may_be_trailer(name)) << name;
  for (const char* name : louvers_own) EXPECT_FALSE(may_be_trailer(name)) << name;
  for (const char* name : {"x-checksum", "content-digest", "repr-digest", "grpc-status", "server-timing", "etag"})
    EXPECT_TRUE(may_be_trailer(name)) << name;
}

TEST(Trailers, messages_have_one_form) {
  const auto one = parse_trailers(as_bytes("x-sum: 1\r\nx-empty: \r\nx-sum: 2\r\n"), "request-trailers", {});
  ASSERT_OK(one);
  EXPECT_EQ(*one, (Fields{{"x-sum", "1"}, {"x-empty", ""}, {"x-sum", "2"}}));
  EXPECT_EQ(write_trailers(*one), "x-sum: 1\r\nx-empty: \r\nx-sum: 2\r\n");
  const auto none = parse_trailers({}, "request-trailers", {});
  ASSERT_OK(none);
  EXPECT_TRUE(none->empty());
  for (std::string_view bad : {"x: 1", "x: 1\n", "x:1\r\n", "X: 1\r\n", "x : 1\r\n", " x: 1\r\n", "x: 1\r\n\r\n",
                               "\r\n", "x: 1 \r\n", "x: a\rb\r\n", "x: 1\r\n y\r\n", ": 1\r\n", "0\r\n"}) {
    SCOPED_TRACE(printable(bad, 40));
    EXPECT_FAULT(Fault::bad_value, parse_trailers(as_bytes(bad), "request-trailers", {}));
  }
  const std::string long_one = "x: " + std::string(Limits{}.message_bytes, 'a') + "\r\n";
  EXPECT_FAULT(Fault::limit_exceeded, parse_trailers(as_bytes(long_one), "request-trailers", {}));
  std::string many;
  for (std::size_t i = 0; i <= Limits{}.message_fields; ++i) many += "x: 1\r\n";
  EXPECT_FAULT(Fault::limit_exceeded, parse_trailers(as_bytes(many), "request-trailers", {}));
}

// --- requests

TEST(AgentTrailers, come_behind_the_body_however_they_are_cut) {
  const std::string input = chunked_post + "5\r\nhello\r\n0\r\nX-Sum:  17 \r\nContent-Digest: sha-256=:x:\r\n\r\n";
  for (std::size_t cut = 1; cut <= input.size(); ++cut) {
    CarryingAgent agent;
    ASSERT_OK(agent.send(input.substr(0, cut)));
    ASSERT_OK(agent.send(input.substr(cut)));
    EXPECT_EQ(agent.sink.text(ids.request_body), "hello");
    EXPECT_EQ(agent.sink.text(up), "x-sum: 17\r\ncontent-digest: sha-256=:x:\r\n") << cut;
    ASSERT_FALSE(agent.sink.parts.empty());
    EXPECT_EQ(agent.sink.parts.back().context, up) << "behind the end of the body";
    EXPECT_TRUE(agent.sink.parts.back().end);
    EXPECT_THAT(agent.sink.text(ids.request_head), Not(HasSubstr("x-sum")));
  }
}

TEST(AgentTrailers, every_exchange_has_a_message_empty_if_there_are_none) {
  CarryingAgent agent;
  ASSERT_OK(
      agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" +
                 chunked_post + "0\r\n\r\n" + chunked_post + "0\r\nlouver-client: root\r\n\r\n"));
  for (std::uint32_t exchange = 1; exchange <= 5; ++exchange) {
    EXPECT_TRUE(agent.sink.ended(up, exchange)) << exchange;
    EXPECT_EQ(agent.sink.text(up, exchange), "") << exchange;
  }
}

TEST(AgentTrailers, without_contexts_are_dropped_as_ever) {
  Agent agent;
  ASSERT_OK(agent.send(chunked_post + "5\r\nhello\r\n0\r\nx-sum: 17\r\ncache-control: no-store\r\n\r\n"));
  EXPECT_EQ(agent.sink.parts.size(), 3U) << "head, credentials, body";
  for (const OwnedPart& part : agent.sink.parts) EXPECT_EQ(part.bytes.find("x-sum"), std::string::npos);
}

TEST(AgentTrailers, HT_07_what_stands_in_the_head_only_is_refused_on_entry) {
  for (const char* name : head_only) {
    SCOPED_TRACE(name);
    CarryingAgent agent;
    EXPECT_FAULT(Fault::bad_value, agent.send(chunked_post + "5\r\nhello\r\n0\r\nx: 1\r\n" + name + ": 5\r\n\r\n"));
    EXPECT_FALSE(agent.sink.ended(ids.request_body)) << name;
    EXPECT_EQ(agent.sink.text(up), "") << name;
    EXPECT_THAT(agent.take_output(), HasSubstr("HTTP/1.1 400 ")) << name;
  }
  for (const char* name : louvers_own) {  // everybody may send them
    CarryingAgent agent;
    ASSERT_OK(agent.send(chunked_post + "0\r\n" + name + ": x\r\nx-sum: 1\r\n\r\n"));
    EXPECT_EQ(agent.sink.text(up), "x-sum: 1\r\n") << name;
  }
}

TEST(GatewayTrailers, go_to_the_origin_behind_the_last_chunk) {
  CarryingGateway gateway;
  ASSERT_OK(gateway.request(1, post_head, "hello"));
  const std::string before = gateway.take_output();
  EXPECT_THAT(before, HasSubstr("te: trailers\r\nconnection: TE\r\n"));
  EXPECT_THAT(before, EndsWith("\r\n\r\n5\r\nhello\r\n")) << "the last chunk waits for them";
  ASSERT_OK(gateway.receive(request_part(up, 1, "x-su", false)));
  EXPECT_EQ(gateway.take_output(), "");
  ASSERT_OK(gateway.receive(request_part(up, 1, "m: 17\r\n", true)));
  EXPECT_EQ(gateway.take_output(), "0\r\nx-sum: 17\r\n\r\n");
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
  EXPECT_TRUE(gateway.codec.origin_reusable());
}

TEST(GatewayTrailers, that_come_before_the_body_wait) {
  CarryingGateway gateway;
  ASSERT_OK(gateway.receive(request_part(up, 1, "x-sum: 17\r\n")));
  ASSERT_OK(gateway.request(1, post_head, "hello"));
  EXPECT_THAT(gateway.take_output(), EndsWith("\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 17\r\n\r\n"));
}

TEST(GatewayTrailers, are_dropped_where_they_cannot_be_placed) {
  CarryingGateway counted;
  ASSERT_OK(counted.request_with("POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n", "hello", "x-sum: 1\r\n"));
  const std::string request = counted.take_output();
  EXPECT_THAT(request, EndsWith("\r\n\r\nhello"));
  EXPECT_THAT(request, Not(HasSubstr("x-sum")));
  CarryingGateway bare;
  ASSERT_OK(bare.request_with(get_g, "", "x-sum: 1\r\n"));
  EXPECT_THAT(bare.take_output(), Not(HasSubstr("x-sum")));
  ASSERT_OK(bare.origin_sends("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(bare.codec.open_exchanges(), 0U);
}

TEST(GatewayTrailers, a_request_without_content_waits_for_their_message) {
  CarryingGateway gateway;
  ASSERT_OK(gateway.request(1, get_g));
  EXPECT_EQ(gateway.take_output(), "");
  ASSERT_OK(gateway.receive(request_part(up, 1, "")));
  EXPECT_THAT(gateway.take_output(), testing::StartsWith("GET /g HTTP/1.1\r\n"));
}

TEST(GatewayTrailers, HT_07_from_a_middlebox_never_reach_the_origin) {
  const auto attack = [](const std::string& trailers, Fault fault) {
    SCOPED_TRACE(printable(trailers, 60));
    CarryingGateway chunked;
    ASSERT_OK(chunked.request(1, post_head, "hello"));
    const std::string before = chunked.take_output();
    EXPECT_FAULT(fault, chunked.receive(request_part(up, 1, trailers)));
    EXPECT_EQ(chunked.take_output(), "") << "the origin has no whole request: " << trailers;
    EXPECT_THAT(before, Not(HasSubstr("0\r\n\r\n")));

    CarryingGateway bare;
    EXPECT_FAULT(fault, bare.request_with(get_g, "", trailers));
    EXPECT_EQ(bare.take_output(), "") << trailers;

    CarryingGateway counted;  // nowhere to put them, and an attack all the same
    const auto carried_out = [&]() -> Result<> {
      LOUVER_TRY(counted.request_with("POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n", "hello", trailers));
      return counted.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    };
    EXPECT_FAULT(fault, carried_out());
    EXPECT_THAT(counted.take_output(), EndsWith("\r\n\r\nhello"));
  };
  for (const char* name : head_only) {
    attack("x: 1\r\n" + std::string{name} + ": 5\r\n", Fault::blocked_by_policy);
  }
  for (const char* name : louvers_own) attack(std::string{name} + ": root\r\n", Fault::blocked_by_policy);
  attack("x: 1\r\n\r\nGET /admin HTTP/1.1\r\nhost: a\r\n\r\n", Fault::bad_value);
  attack("Host: a\r\n", Fault::bad_value);
  attack("x: 1\nhost: b\r\n", Fault::bad_value);
  attack("x: " + std::string(Limits{}.message_bytes, 'a') + "\r\n", Fault::limit_exceeded);
}

TEST(GatewayTrailers, redacted_doubled_or_withheld_end_the_session) {
  CarryingGateway redacted;
  ASSERT_OK(redacted.request(1, post_head, "hello"));
  OwnedPart tombstone = request_part(up, 1, "");
  tombstone.redacted = true;
  tombstone.redacted_bytes = 4;
  EXPECT_FAULT(Fault::blocked_by_policy, redacted.receive(tombstone));

  CarryingGateway doubled;
  ASSERT_OK(doubled.request_with(post_head, "hello", "x: 1\r\n"));
  EXPECT_FAULT(Fault::record_order, doubled.receive(request_part(up, 1, "x: 2\r\n")));

  CarryingGateway withheld;
  ASSERT_OK(withheld.request(1, post_head, "hello"));
  EXPECT_FAULT(Fault::truncated, withheld.codec.on_session_end(true));

  Gateway without;
  EXPECT_FAULT(Fault::record_context, without.receive(request_part(up, 1, "")));
  CarryingGateway wrong_way;
  EXPECT_FAULT(Fault::record_context, wrong_way.receive(request_part(down, 1, "")));
}

TEST(GatewayTrailers, of_a_request_that_was_answered_early_are_for_nobody) {
  CarryingGateway gateway;
  ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, post_head)));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "hel", false)));
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"));
  gateway.take_output();
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "lo")));
  EXPECT_EQ(gateway.codec.open_exchanges(), 1U);
  ASSERT_OK(gateway.receive(request_part(up, 1, "x-sum: 1\r\n")));
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
  EXPECT_EQ(gateway.take_output(), "");
  ASSERT_OK(gateway.request(2, get_g));
  ASSERT_OK(gateway.receive(request_part(up, 2, "")));
  EXPECT_THAT(gateway.take_output(), testing::StartsWith("GET /g "));
}

// --- responses

TEST(GatewayTrailers, of_the_origin_come_behind_its_body) {
  CarryingGateway gateway;
  ASSERT_OK(gateway.request_with(get_g, "", ""));
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 3\r\n\r\n";
  for (const char octet : answer) ASSERT_OK(gateway.origin_sends({&octet, 1}));
  EXPECT_EQ(gateway.sink.text(ids.response_body), "ok");
  EXPECT_EQ(gateway.sink.text(down), "x-sum: 3\r\n");
  EXPECT_EQ(gateway.sink.parts.back().context, down);
  EXPECT_TRUE(gateway.sink.parts.back().end);
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
}

TEST(GatewayTrailers, every_answer_has_a_message) {
  for (const char* answer : {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                             "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                             "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    CarryingGateway gateway;
    ASSERT_OK(gateway.request_with(get_g, "", ""));
    ASSERT_OK(gateway.origin_sends(answer));
    EXPECT_TRUE(gateway.sink.ended(down)) << answer;
    EXPECT_EQ(gateway.sink.text(down), "") << answer;
  }
  CarryingGateway until_close;
  ASSERT_OK(until_close.request_with(get_g, "", ""));
  ASSERT_OK(until_close.origin_sends("HTTP/1.1 200 OK\r\n\r\nok"));
  EXPECT_FALSE(until_close.sink.ended(down));
  ASSERT_OK(until_close.codec.origin_closed(true));
  EXPECT_TRUE(until_close.sink.ended(down));
  CarryingGateway refused;
  refused.decision = GatewayDecision::refuse(421, "no");
  ASSERT_OK(refused.request_with(get_g, "", ""));
  EXPECT_TRUE(refused.sink.ended(down));
  EXPECT_EQ(refused.codec.open_exchanges(), 0U);
}

TEST(GatewayTrailers, HT_07_of_an_origin_that_stand_in_the_head_only_cut_its_answer) {
  for (const char* name : head_only) {
    SCOPED_TRACE(name);
    CarryingGateway gateway;
    ASSERT_OK(gateway.request_with(get_g, "", ""));
    EXPECT_FAULT(Fault::bad_value,
                 gateway.origin_sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" +
                                      std::string{name} + ": 5\r\n\r\n"));
    EXPECT_FALSE(gateway.sink.ended(ids.response_body)) << name;
    EXPECT_FALSE(gateway.sink.ended(down)) << name;
  }
}

/// An agent whose application asked with this, and got head and body of an answer, not yet what is behind.
struct Answered : CarryingAgent {
  explicit Answered(const std::string& request, const std::string& head = ok_head, const std::string& body = "ok") {
    EXPECT_OK(send(request));
    EXPECT_OK(respond(1, head, body));
    before = take_output();
  }
  std::string before;
};

TEST(AgentTrailers, go_to_an_application_that_takes_them) {
  for (const char* te : {"trailers", "deflate;q=0.5, Trailers", "gzip,trailers"}) {
    Answered agent{"GET /g HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: " + std::string{te} + "\r\n\r\n"};
    EXPECT_THAT(agent.before, EndsWith("transfer-encoding: chunked\r\n\r\n2\r\nok\r\n")) << "the end waits for them";
    ASSERT_OK(agent.receive(response_part(down, 1, "x-sum: 3\r\n")));
    EXPECT_EQ(agent.take_output(), "0\r\nx-sum: 3\r\n\r\n") << te;
    EXPECT_EQ(agent.codec.open_exchanges(), 0U);
    EXPECT_THAT(agent.sink.text(ids.request_head), Not(HasSubstr("te:")));
  }
}

TEST(AgentTrailers, are_dropped_before_an_application_that_cannot_take_them) {
  const std::string plain = "GET /g HTTP/1.1\r\nHost: a\r\n\r\n";
  const struct {
    std::string request, head, body, rest;
  } cases[] = {
      {plain, ok_head, "ok", "0\r\n\r\n"},
      {"GET /g HTTP/1.1\r\nHost: a\r\nTE: xtrailers, trailers;q=1\r\n\r\n", ok_head, "ok", "0\r\n\r\n"},
      {"GET /g HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n", ok_head, "ok", ""},
      {willing_get, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok", ""},
      {willing_get, "HTTP/1.1 204 No Content\r\n\r\n", "", ""},
      {"HEAD /g HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", ok_head, "", ""},
  };
  for (const auto& [request, head, body, rest] : cases) {
    Answered agent{request, head, body};
    ASSERT_OK(agent.receive(response_part(down, 1, "x-sum: 3\r\n")));
    EXPECT_EQ(agent.take_output(), rest) << request << head;
    EXPECT_EQ(agent.codec.open_exchanges(), 0U) << request << head;
  }
}

TEST(AgentTrailers, HT_07_from_a_middlebox_never_reach_the_application) {
  const auto attack = [](const std::string& trailers, Fault fault) {
    for (const std::string& request : {willing_get, std::string{"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"}}) {
      SCOPED_TRACE(printable(trailers, 60));
      Answered agent{request};
      EXPECT_FAULT(fault, agent.receive(response_part(down, 1, trailers)));
      EXPECT_EQ(agent.take_output(), "") << trailers;
      EXPECT_EQ(agent.codec.on_session_end(false), FailureAnswer::must_reset) << "no whole answer";
      EXPECT_EQ(agent.take_output(), "") << trailers;
    }
  };
  for (const char* name : head_only) {
    attack("x: 1\r\n" + std::string{name} + ": 5\r\n", Fault::blocked_by_policy);
  }
  for (const char* name : louvers_own) attack(std::string{name} + ": x\r\n", Fault::blocked_by_policy);
  attack("x: 1\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Fault::bad_value);
  attack("x:1\r\n", Fault::bad_value);
  Answered redacted{willing_get};
  OwnedPart tombstone = response_part(down, 1, "");
  tombstone.redacted = true;
  EXPECT_FAULT(Fault::blocked_by_policy, redacted.receive(tombstone));
}

TEST(AgentTrailers, of_a_session_without_contexts_are_no_part_of_it) {
  Agent agent;
  ASSERT_OK(agent.send(willing_get));
  EXPECT_FAULT(Fault::record_context, agent.receive(response_part(down, 1, "")));
  EXPECT_FALSE(agent.sink.ended(up));
  Agent other;
  ASSERT_OK(other.send(willing_get));
  ASSERT_OK(other.respond(1, ok_head, "ok"));
  EXPECT_THAT(other.take_output(), EndsWith("2\r\nok\r\n0\r\n\r\n")) << "nothing is waited for";
}

TEST(AgentTrailers, sessions_with_and_without_them_can_follow_one_another) {
  CarryingAgent agent;
  ASSERT_OK(agent.send(willing_get));
  ASSERT_OK(agent.respond(1, ok_head, "a"));
  ASSERT_OK(agent.receive(response_part(down, 1, "x-sum: 1\r\n")));
  ASSERT_OK(agent.codec.start_session({.bind_target = false}));
  agent.sink.parts.clear();
  ASSERT_OK(agent.send(chunked_post + "1\r\nb\r\n0\r\nx-sum: 2\r\n\r\n"));
  EXPECT_FALSE(agent.sink.ended(up));
  ASSERT_OK(agent.respond(1, ok_head, "b"));
  EXPECT_THAT(agent.take_output(), EndsWith("1\r\nb\r\n0\r\n\r\n"));
}

TEST(AgentTrailers, a_request_that_is_sent_again_has_their_message_again) {
  CarryingAgent agent;
  ASSERT_OK(agent.send(willing_get));
  agent.sink.parts.clear();
  ASSERT_OK(agent.codec.resend(carrying()));
  EXPECT_TRUE(agent.sink.ended(up));
  EXPECT_FAULT(Fault::internal_error, agent.codec.resend({.bind_target = false}));  // it was written by another plan
}

// --- beside tunnels and lifted fields

const std::string accepted = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

TEST(TunnelTrailers, are_an_empty_message_behind_each_direction) {
  CarryingAgent agent;
  CarryingGateway gateway;
  ASSERT_OK(agent.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                       websocket_key + "\r\n"));
  EXPECT_FALSE(agent.sink.ended(up)) << "nothing behind the head before the answer";
  const auto pass = [](RecordingSink& from, auto& to) {
    for (const OwnedPart& part : std::exchange(from.parts, {})) ASSERT_OK(to.receive(part));
  };
  pass(agent.sink, gateway);
  EXPECT_THAT(gateway.take_output(), Not(HasSubstr("te:")));
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                                 accepted + "\r\nhi"));
  ASSERT_OK(gateway.codec.origin_closed(true));
  EXPECT_TRUE(gateway.sink.ended(down));
  EXPECT_EQ(gateway.sink.text(down), "");
  pass(gateway.sink, agent);
  EXPECT_TRUE(agent.codec.output_ended());
  EXPECT_EQ(agent.codec.open_exchanges(), 1U);
  ASSERT_OK(agent.send("0\r\nx: y\r\n\r\n"));  // octets like any other
  ASSERT_OK(agent.codec.application_closed());
  EXPECT_EQ(agent.sink.text(ids.request_body), "0\r\nx: y\r\n\r\n");
  EXPECT_TRUE(agent.sink.ended(up));
  EXPECT_EQ(agent.sink.text(up), "");
  pass(agent.sink, gateway);
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
  EXPECT_OK(gateway.codec.on_session_end(true));
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(TunnelTrailers, come_too_where_the_upgrade_is_refused) {
  CarryingAgent agent;
  ASSERT_OK(agent.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                       websocket_key + "\r\n"));
  ASSERT_OK(agent.respond(1, "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n", "no"));
  EXPECT_TRUE(agent.sink.ended(up));
  ASSERT_OK(agent.receive(response_part(down, 1, "")));
  EXPECT_EQ(agent.codec.open_exchanges(), 0U);
}

TEST(LiftedTrailers, of_a_body_that_is_held_whole_are_dropped) {
  CountingRandom random;
  SessionPlan plan = carrying();
  plan.random = &random;
  plan.fields.of[slot(Direction::c2s)].push_back(field_from("json:/card", {}, "card", 9));
  Agent agent;
  ASSERT_OK(agent.codec.start_session(plan));
  ASSERT_OK(
      agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "d\r\n{\"card\":\"12\"}\r\n0\r\nx-sum: 1\r\n\r\n"));
  EXPECT_TRUE(agent.sink.ended(up));
  EXPECT_EQ(agent.sink.text(up), "");
  Gateway gateway{{}, plan};
  for (const OwnedPart& part : agent.sink.parts) ASSERT_OK(gateway.receive(part));
  EXPECT_THAT(gateway.take_output(), EndsWith("\r\n\r\n{\"card\":\"12\"}"));
}

}  // namespace
}  // namespace louver::profile::http1::test::trailers
