#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/http1/lift/test_support.h"
#include "profile/http1/test_support.h"

/// Field contexts through agent and gateway: who has no grant on one sees markers, the origin and the application see
/// what was said.
namespace louver::profile::http1 {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::Not;

constexpr ContextId card{7};
constexpr ContextId answer{8};

SessionPlan plan(CountingRandom& random, std::string_view up = "json:/card", std::string_view down = "") {
  SessionPlan out{.random = &random};
  if (!up.empty()) out.fields.of[slot(Direction::c2s)].push_back(field_from(up));
  if (!down.empty()) out.fields.of[slot(Direction::s2c)].push_back(field_from(down, {}, "answer", 8));
  return out;
}

/// An agent and a gateway; what goes between them can be changed.
struct Way {
  explicit Way(std::string_view up = "json:/card", std::string_view down = "", Limits limits = {})
      : agent({.rules = {}, .limits = limits}), gateway(limits, plan(at_gateway, up, down)) {
    EXPECT_OK(agent.codec.start_session(plan(at_agent, up, down)));
  }
  /// Everything that the agent has made so far, in its order or bodies first.
  Result<> pass_up() {
    for (const OwnedPart& part : std::exchange(agent.sink.parts, {})) LOUVER_TRY(gateway.receive(part));
    return {};
  }
  Result<> pass_down() {
    for (const OwnedPart& part : std::exchange(gateway.sink.parts, {})) LOUVER_TRY(agent.receive(part));
    return {};
  }
  OwnedPart& sent(ContextId context) {
    for (OwnedPart& part : agent.sink.parts) {
      if (part.context == context) return part;
    }
    std::abort();
  }

  CountingRandom at_agent;
  CountingRandom at_gateway;
  Agent agent;
  Gateway gateway;
};

std::string post(std::string_view body, std::string_view type = "application/json", std::string_view more = "") {
  return "POST /pay HTTP/1.1\r\nHost: shop.example\r\nContent-Type: " + std::string{type} +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string{more} + "\r\n" + std::string{body};
}
const std::string order = R"({"order":"1 book","card":"4111"})";

TEST(LiftedFields, are_in_their_own_context_and_the_origin_gets_what_was_said) {
  Way way;
  ASSERT_OK(way.agent.send(post(order)));
  const std::string marked = R"({"order":"1 book","card":")" + marker(1) + R"("})";
  EXPECT_EQ(way.agent.sink.text(ids.request_body), marked);
  EXPECT_EQ(way.agent.sink.text(card), "json:/card string " + marker(1) + "\r\n4111");
  EXPECT_THAT(way.agent.sink.text(ids.request_head), HasSubstr("content-length: " + std::to_string(marked.size())));
  ASSERT_OK(way.pass_up());
  const std::string out = way.gateway.take_output();
  EXPECT_THAT(out, testing::EndsWith("\r\n\r\n" + order));
  EXPECT_THAT(out, HasSubstr("content-length: " + std::to_string(order.size()) + "\r\n"));
}

TEST(LiftedFields, every_cut_of_the_request_and_every_order_of_its_messages_is_the_same) {
  const std::string request = post(order);
  for (std::size_t cut = 1; cut < request.size(); cut += 7) {
    Way way;
    ASSERT_OK(way.agent.send(request.substr(0, cut)));
    EXPECT_TRUE(way.agent.sink.parts.empty()) << "something went out of half a body";
    ASSERT_OK(way.agent.send(request.substr(cut)));
    auto& parts = way.agent.sink.parts;
    std::rotate(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(cut % 4), parts.end());
    ASSERT_OK(way.pass_up());
    EXPECT_THAT(way.gateway.take_output(), testing::EndsWith("\r\n\r\n" + order)) << cut;
  }
}

TEST(LiftedFields, chunks_become_a_body_of_known_length_and_pipelined_requests_keep_their_values) {
  Way way;
  ASSERT_OK(way.agent.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\n{\"card\":\r\n4\r\n\"1\"}\r\n0\r\n\r\n"));
  ASSERT_OK(way.agent.send(post(R"({"card":"2"})") + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_OK(way.pass_up());
  for (const char* body : {"{\"card\":\"1\"}", "{\"card\":\"2\"}", ""}) {
    EXPECT_THAT(way.gateway.take_output(), testing::EndsWith("\r\n\r\n" + std::string{body}));
    ASSERT_OK(way.gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  }
  ASSERT_OK(way.pass_down());
  EXPECT_EQ(way.agent.codec.open_exchanges(), 0U);
}

TEST(LiftedFields, HT_16_a_request_out_of_which_nothing_can_be_lifted_is_refused_and_nothing_of_it_goes_out) {
  struct Case {
    std::string request;
    const char* status;
  };
  const std::string long_body = "{\"card\":\"" + std::string(100, 'x') + "\"}";
  for (const auto& [request, status] : {
           Case{post(R"({"card":"1","card":"2"})"), "400"},
           {post(R"({"card":1})"), "400"},
           {post("card=1"), "400"},
           {post("\x1f\x8b", "application/json", "Content-Encoding: gzip\r\n"), "415"},
           {post(order, "application/json; charset=utf-16"), "415"},
           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "415"},
           {post(long_body), "413"},
           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/json\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" +
                std::string(64, ' ') + "\r\n1\r\n{\r\n",
            "413"},
           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "400"},
       }) {
    Limits limits;
    limits.lifted_body_bytes = 64;
    Way way{"json:/card", "", limits};
    ASSERT_OK(way.agent.send(request));
    EXPECT_TRUE(way.agent.sink.parts.empty()) << request;
    const std::string said = way.agent.take_output();
    EXPECT_THAT(said, testing::StartsWith("HTTP/1.1 " + std::string{status})) << request;
    EXPECT_THAT(said, Not(HasSubstr("card"))) << "HT-15";
    EXPECT_TRUE(way.agent.codec.wants_close());
  }
}

TEST(LiftedFields, bodies_of_other_types_go_on_in_pieces) {
  Way way;
  ASSERT_OK(way.agent.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nhello"));
  ASSERT_OK(way.pass_up());
  EXPECT_THAT(way.gateway.take_output(), testing::EndsWith("\r\n\r\nhello"));
  ASSERT_OK(way.agent.send("world"));
  ASSERT_OK(way.pass_up());
  EXPECT_EQ(way.gateway.take_output(), "world");
}

TEST(LiftedFields, who_waits_for_100_continue_gets_it_from_the_agent) {
  Way way;
  ASSERT_OK(
      way.agent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 12\r\n"
                     "Expect: 100-continue\r\n\r\n"));
  EXPECT_EQ(way.agent.take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_OK(way.agent.send(R"({"card":"1"})"));
  EXPECT_THAT(way.agent.sink.text(ids.request_head), Not(HasSubstr("expect")));
  ASSERT_OK(way.pass_up());
  EXPECT_THAT(way.gateway.take_output(), testing::EndsWith(R"({"card":"1"})"));
}

TEST(LiftedFields, a_connection_that_closes_within_a_body_leaves_nothing_behind) {
  Way way;
  const std::string request = post(order);
  ASSERT_OK(way.agent.send(request.substr(0, request.size() - 1)));
  EXPECT_FAULT(Fault::truncated, way.agent.codec.application_closed());
  EXPECT_TRUE(way.agent.sink.parts.empty());
}

/// A middlebox that may write one of the contexts, and no other.
TEST(LiftedFields, HT_16_what_does_not_fit_together_at_the_gateway_reaches_no_origin) {
  const std::vector<std::pair<const char*, void (*)(Way&)>> attacks = {
      {"the marker moved", [](Way& way) { way.sent(ids.request_body).bytes = R"({"order":")" + marker(1) + R"("})"; }},
      {"the marker doubled",
       [](Way& way) {
         way.sent(ids.request_body).bytes = R"({"order":")" + marker(1) + R"(","card":")" + marker(1) + R"("})";
       }},
      {"a value of one's own", [](Way& way) { way.sent(ids.request_body).bytes = R"({"card":"4000"})"; }},
      {"no JSON", [](Way& way) { way.sent(ids.request_body).bytes = "card"; }},
      {"octets less", [](Way& way) { way.sent(ids.request_body).bytes.pop_back(); }},
      {"octets more", [](Way& way) { way.sent(ids.request_body).bytes += "  "; }},
      {"the value withheld", [](Way& way) { way.sent(card).bytes.clear(); }},
      {"the value of another place", [](Way& way) { way.sent(card).bytes.replace(0, 10, "json:/cvc."); }},
      {"the value's marker changed", [](Way& way) { way.sent(card).bytes[30] ^= 1; }},
      {"the value redacted",
       [](Way& way) {
         way.sent(card).redacted = true;
         way.sent(card).redacted_bytes = 4;
       }},
      {"another type of body",
       [](Way& way) {
         std::string& head = way.sent(ids.request_head).bytes;
         head.replace(head.find("application/json"), 16, "application/jsop");
       }},
      {"a coding",
       [](Way& way) {
         std::string& head = way.sent(ids.request_head).bytes;
         head.insert(head.find("content-length"), "content-encoding: gzip\r\n");
       }},
      {"a second message", [](Way& way) { way.agent.sink.parts.push_back(way.sent(card)); }},
      {"a value too long", [](Way& way) { way.sent(card).bytes.append(field_message_octets_most, 'x'); }},
  };
  for (const auto& [what, attack] : attacks) {
    Way way;
    ASSERT_OK(way.agent.send(post(order)));
    attack(way);
    EXPECT_FALSE(way.pass_up()) << what;
    if (std::string_view{what} == "a second message") continue;  // the first was enough for a whole request
    EXPECT_TRUE(way.gateway.seen.empty()) << what;
    EXPECT_EQ(way.gateway.take_output(), "") << what;
  }
}

TEST(LiftedFields, the_body_may_be_changed_around_the_marker_by_who_has_the_grant) {
  Way way;
  ASSERT_OK(way.agent.send(post(order)));
  std::string& head = way.sent(ids.request_head).bytes;
  std::string& body = way.sent(ids.request_body).bytes;
  const std::string before = std::to_string(body.size());
  body.replace(body.find("1 book"), 6, "200 books");
  head.replace(head.find(before), before.size(), std::to_string(body.size()));
  ASSERT_OK(way.pass_up());
  EXPECT_THAT(way.gateway.take_output(), testing::EndsWith(R"({"order":"200 books","card":"4111"})"));
}

TEST(LiftedFields, a_session_that_ends_before_a_value_has_come_is_truncated) {
  Way way;
  ASSERT_OK(way.agent.send(post(order)));
  std::erase_if(way.agent.sink.parts, [](const OwnedPart& part) { return part.context == card; });
  ASSERT_OK(way.pass_up());
  EXPECT_TRUE(way.gateway.seen.empty());
  EXPECT_FAULT(Fault::truncated, way.gateway.codec.on_session_end(true));
}

TEST(LiftedFields, of_headers_need_no_body_and_are_sent_again_with_the_request) {
  Way way{"header:x-card"};
  ASSERT_OK(way.agent.send("GET / HTTP/1.1\r\nHost: a\r\nX-Card: 4111\r\n\r\n"));
  EXPECT_THAT(way.agent.sink.text(ids.request_head), HasSubstr("x-card: " + marker(1) + "\r\n"));
  const auto first = way.agent.sink.parts;
  EXPECT_FALSE(way.agent.codec.resend({})) << "by another plan";
  ASSERT_OK(way.agent.codec.resend(plan(way.at_agent, "header:x-card")));
  ASSERT_EQ(way.agent.sink.parts.size(), 2 * first.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(way.agent.sink.parts[first.size() + i].bytes, first[i].bytes);
  way.agent.sink.parts = first;
  ASSERT_OK(way.pass_up());
  EXPECT_THAT(way.gateway.take_output(), HasSubstr("x-card: 4111\r\n"));
}

TEST(LiftedFields, of_answers_come_back_to_the_application) {
  for (const bool chunked : {false, true}) {
    Way way{"", "json:/token"};
    ASSERT_OK(way.agent.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
    ASSERT_OK(way.pass_up());
    EXPECT_THAT(way.gateway.take_output(), Not(HasSubstr("accept-encoding")))
        << "nothing can be lifted out of a coding";
    const std::string body = R"({"token":"t0p","n":1})";
    ASSERT_OK(
        way.gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
                                 (chunked ? "Transfer-Encoding: chunked\r\n\r\n15\r\n" + body + "\r\n0\r\n\r\n"
                                          : "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)));
    EXPECT_EQ(way.gateway.sink.text(ids.response_body), R"({"token":")" + marker(1) + R"(","n":1})");
    EXPECT_EQ(way.gateway.sink.text(answer), "json:/token string " + marker(1) + "\r\nt0p");
    ASSERT_OK(way.pass_down());
    EXPECT_THAT(way.agent.take_output(), testing::EndsWith("content-length: 21\r\n\r\n" + body));
    EXPECT_EQ(way.agent.codec.open_exchanges(), 0U);
  }
}

TEST(LiftedFields, HT_16_an_answer_out_of_which_nothing_can_be_lifted_becomes_502) {
  for (const char* rest :
       {"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Type: application/json\r\nContent-Length: 25\r\n\r\n{\"token\":\"1\",\"token\":\"2\"}",
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "Content-Type: application/json\r\nContent-Length: 65\r\n\r\n"
        "                                                                 "}) {
    Limits limits;
    limits.lifted_body_bytes = 64;
    Way way{"", "json:/token", limits};
    ASSERT_OK(way.agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_OK(way.pass_up());
    ASSERT_OK(way.gateway.origin_sends("HTTP/1.1 200 OK\r\n" + std::string{rest}));
    ASSERT_OK(way.pass_down());
    EXPECT_THAT(way.agent.take_output(), testing::StartsWith("HTTP/1.1 502 ")) << rest;
  }
}

TEST(LiftedFields, HT_16_an_answer_that_does_not_fit_together_is_none) {
  Way way{"", "json:/token"};
  ASSERT_OK(way.agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_OK(way.pass_up());
  ASSERT_OK(way.gateway.origin_sends(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"token\":\"t\"}"));
  for (OwnedPart& part : way.gateway.sink.parts) {
    if (part.context == ids.response_body) std::ranges::replace(part.bytes, 't', 'T');
  }
  EXPECT_FALSE(way.pass_down());
  EXPECT_EQ(way.agent.take_output(), "");
}

TEST(LiftedFields, answers_without_content_and_our_own_are_answers) {
  Way way{"", "json:/token"};
  ASSERT_OK(way.agent.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_OK(way.pass_up());
  ASSERT_OK(
      way.gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"));
  ASSERT_OK(way.pass_down());
  EXPECT_THAT(way.agent.take_output(), HasSubstr("content-length: 13\r\n"));
  way.gateway.decision = GatewayDecision::refuse(421, "No origin.");
  ASSERT_OK(way.agent.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_OK(way.pass_up());
  ASSERT_OK(way.pass_down());
  EXPECT_THAT(way.agent.take_output(), testing::StartsWith("HTTP/1.1 421 "));
}

}  // namespace
}  // namespace louver::profile::http1
