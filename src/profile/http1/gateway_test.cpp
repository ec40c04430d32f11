#include "profile/http1/gateway.h"

#include <gtest/gtest.h>

#include "profile/http1/test_support.h"

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

TEST(GatewayRequest, is_made_from_the_messages_in_whatever_order_they_come) {  // OR-06
  const OwnedPart parts[] = {
      request_part(ids.request_head, 1, "POST /x HTTP/1.1\r\nhost: a:81\r\nb: c\r\ncontent-length: 3\r\n\r\n"),
      request_part(ids.request_credentials, 1, "cookie: d\r\n"), request_part(ids.request_body, 1, "abc")};
  const std::string expected = "POST /x HTTP/1.1\r\nhost: a:81\r\nb: c\r\ncookie: d\r\ncontent-length: 3\r\n\r\nabc";
  const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    Gateway gateway;
    std::string output;
    bool has_head = false;
    bool has_credentials = false;
    for (const int index : order) {
      ASSERT_OK(gateway.receive(parts[index]));
      has_head |= index == 0;
      has_credentials |= index == 1;
      output += gateway.take_output();
      EXPECT_EQ(output.empty(), !has_head || !has_credentials);
    }
    EXPECT_EQ(output, expected);
    EXPECT_EQ(gateway.seen, std::vector{"POST a /x"s});
  }
}

TEST(GatewayRequest, of_unknown_length_goes_in_chunks_and_an_empty_one_without_framing) {
  Gateway gateway;
  ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, "POST / HTTP/1.1\r\nhost: a\r\n\r\n")));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  EXPECT_EQ(gateway.seen.size(), 1U) << "the role can connect already";
  EXPECT_TRUE(gateway.take_output().empty());
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "abc", false)));
  EXPECT_EQ(gateway.take_output(), "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "")));
  EXPECT_EQ(gateway.take_output(), "0\r\n\r\n");
  ASSERT_OK(gateway.origin_sends(no_content));
  ASSERT_OK(gateway.request(2, get_head));
  EXPECT_EQ(gateway.take_output(), get_head);
}

TEST(GatewayRequest, says_that_it_has_no_content_where_origins_ask_for_it) {
  for (const std::string method : {"POST", "PUT", "PATCH"}) {
    Gateway gateway;
    const std::string head = method + " / HTTP/1.1\r\nhost: a\r\n";
    ASSERT_OK(gateway.request(1, head + "\r\n"));
    EXPECT_EQ(gateway.take_output(), head + "content-length: 0\r\n\r\n");
  }
  for (const std::string method : {"GET", "DELETE", "post", "FROB"}) {
    Gateway gateway;
    const std::string head = method + " / HTTP/1.1\r\nhost: a\r\n\r\n";
    ASSERT_OK(gateway.request(1, head));
    EXPECT_EQ(gateway.take_output(), head);
  }
}

TEST(GatewayRequest, that_expects_100_goes_without_waiting_for_the_body) {
  Gateway gateway;
  ASSERT_OK(
      gateway.receive(request_part(ids.request_head, 1, "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n")));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  EXPECT_EQ(gateway.take_output(),
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n");
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(gateway.sink.parts[0].bytes, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(gateway.sink.parts[0].end);
  EXPECT_EQ(gateway.sink.parts[1].bytes, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(gateway.origin_done, std::vector{false}) << "the request is not whole, so the connection is lost";
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "late")));
  EXPECT_TRUE(gateway.take_output().empty());
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
}

TEST(GatewayRequest, carries_what_the_role_adds) {
  Gateway gateway;
  gateway.decision.host = "origin.internal:8080";
  gateway.decision.extra_fields = {{"louver-client", "c.example"}, {"via", "1.1 louver"}};
  ASSERT_OK(gateway.request(1, get_head, "", "authorization: x\r\n"));
  EXPECT_EQ(gateway.take_output(),
            "GET / HTTP/1.1\r\nhost: origin.internal:8080\r\nauthorization: x\r\nlouver-client: c.example\r\n"
            "via: 1.1 louver\r\n\r\n");
}

TEST(GatewayRequest, never_carries_what_the_role_adds_badly) {
  for (const Field& field : {Field{"content-length", "1"}, Field{"transfer-encoding", "chunked"}, Field{"host", "b"},
                             Field{"x", "a\r\nb: c"}, Field{"X", "a"}, Field{"", "a"}, Field{"connection", "close"}}) {
    Gateway gateway;
    gateway.decision.extra_fields = {field};
    EXPECT_FAULT(Fault::internal_error, gateway.request(1, get_head));
    EXPECT_TRUE(gateway.take_output().empty());
  }
}

TEST(GatewayRequest, waits_for_the_role_and_for_the_exchange_before) {
  Gateway gateway;
  gateway.decision = GatewayDecision::wait();
  ASSERT_OK(gateway.request(1, get_head));
  ASSERT_OK(gateway.request(2, "GET /2 HTTP/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_EQ(gateway.seen.size(), 1U);
  EXPECT_TRUE(gateway.take_output().empty());
  gateway.decision = GatewayDecision::accept();
  ASSERT_OK(gateway.codec.resume());
  EXPECT_EQ(gateway.take_output(), get_head);
  EXPECT_EQ(gateway.codec.open_exchanges(), 2U);
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_TRUE(gateway.take_output().empty());
  ASSERT_OK(gateway.origin_sends("x"));
  EXPECT_EQ(gateway.take_output(), "GET /2 HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(gateway.origin_done, std::vector{true});
  ASSERT_OK(gateway.codec.on_session_end(true));
}

TEST(GatewayRequest, refused_by_the_role_is_answered_through_the_session) {
  Gateway gateway;
  gateway.decision = GatewayDecision::refuse(404, "no origin has this name");
  ASSERT_OK(gateway.request(1, get_head, "body"));
  EXPECT_TRUE(gateway.take_output().empty());
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_EQ(gateway.sink.text(ids.response_body), "louver: no origin has this name\n");
  EXPECT_TRUE(gateway.origin_done.empty());
  EXPECT_EQ(gateway.codec.open_exchanges(), 0U);
}

TEST(GatewayRequest, trace_and_connect_never_reach_an_origin) {  // HT-04
  for (const auto& [method, status] :
       {std::pair{"TRACE"s, 405}, {"trace"s, 405}, {"TRACK"s, 405}, {"CONNECT"s, 501}, {"connect"s, 501}}) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, method + " / HTTP/1.1\r\nhost: a\r\n\r\n", "", "authorization: x\r\n"));
    EXPECT_TRUE(gateway.seen.empty());
    EXPECT_TRUE(gateway.take_output().empty());
    EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 " + std::to_string(status)));
  }
}

TEST(GatewayRequest, without_one_of_its_messages_reaches_no_origin) {  // OR-03
  for (const std::string& length : {""s, "content-length: 0\r\n"s}) {
    const OwnedPart parts[] = {request_part(ids.request_head, 1, "GET / HTTP/1.1\r\nhost: a\r\n" + length + "\r\n"),
                               request_part(ids.request_credentials, 1, ""), request_part(ids.request_body, 1, "")};
    for (int missing = 0; missing < 3; ++missing) {
      Gateway gateway;
      for (int i = 0; i < 3; ++i) {
        if (i != missing) ASSERT_OK(gateway.receive(parts[i]));
      }
      EXPECT_TRUE(gateway.take_output().empty()) << missing;
      EXPECT_FAULT(Fault::truncated, gateway.codec.on_session_end(true));
    }
  }
}

TEST(GatewayBackPressure, asks_for_no_more_when_enough_waits_and_holds_no_more_than_it_may) {
  Limits limits;
  limits.held_bytes = 1000;
  Gateway gateway{limits};
  EXPECT_TRUE(gateway.codec.wants_parts());
  ASSERT_OK(gateway.request(1, get_head));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 2, std::string(499, 'a'), false)));
  EXPECT_TRUE(gateway.codec.wants_parts());
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 2, "a", false)));
  EXPECT_FALSE(gateway.codec.wants_parts());
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 2, std::string(500, 'a'), false)));
  EXPECT_FAULT(Fault::limit_exceeded, gateway.receive(request_part(ids.request_body, 2, "a", false)));
}

TEST(GatewayBackPressure, reads_on_while_the_current_request_is_incomplete) {
  Limits limits;
  limits.held_bytes = 1000;
  Gateway gateway{limits};
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 2, std::string(900, 'a'), false)));
  EXPECT_TRUE(gateway.codec.wants_parts()) << "else it would wait for itself";
}

TEST(GatewayBackPressure, a_slow_origin_slows_the_session) {
  Limits limits;
  limits.output_bytes = 100;
  Gateway gateway{limits};
  ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, "PUT / HTTP/1.1\r\nhost: a\r\n\r\n")));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, std::string(100, 'a'), false)));
  EXPECT_FALSE(gateway.codec.wants_parts());
  gateway.take_output();
  EXPECT_TRUE(gateway.codec.wants_parts());
}

}  // namespace
}  // namespace louver::profile::http1::test
