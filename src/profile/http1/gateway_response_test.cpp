#include <gtest/gtest.h>

#include "profile/http1/gateway.h"
#include "profile/http1/test_support.h"

// The gateway's way back: framing, ends, retries, and answers that are none (HT-11, HT-12).

namespace louver::profile::http1::test {
namespace {

using namespace std::string_literals;

TEST(GatewayResponse, becomes_three_messages_in_their_contexts) {
  Gateway gateway;
  ASSERT_OK(gateway.request(1, get_head));
  gateway.take_output();
  ASSERT_OK(gateway.origin_sends(
      "HTTP/1.1 200 Fine with me\r\nSet-Cookie: a=b\r\nX: y\r\nSet-Cookie: c=d\r\nConnection: keep-alive, x-gone\r\n"
      "X-Gone: 1\r\nKeep-Alive: 1\r\nLouver-Client: x\r\nProxy-Authenticate: Basic\r\nAuthorization: echo\r\n"
      "Host: b\r\nContent-Length: 2\r\nUpgrade: h2c\r\n\r\nok"));
  EXPECT_EQ(gateway.sink.text(ids.response_head), "HTTP/1.1 200 Fine with me\r\nx: y\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(gateway.sink.text(ids.response_credentials),
            "set-cookie: a=b\r\nset-cookie: c=d\r\nauthorization: echo\r\n");
  EXPECT_EQ(gateway.sink.text(ids.response_body), "ok");
  EXPECT_TRUE(gateway.sink.ended(ids.response_body));
  EXPECT_EQ(gateway.origin_done, std::vector{true});
  EXPECT_TRUE(gateway.codec.origin_reusable());
}

TEST(GatewayResponse, without_content_is_known_by_method_and_status) {
  const struct {
    const char* method;
    const char* answer;
    const char* head;
  } cases[] = {
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HEAD", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
       "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n"},
      {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n"},
  };
  for (const auto& c : cases) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, c.method + " / HTTP/1.1\r\nhost: a\r\n\r\n"s));
    gateway.take_output();
    ASSERT_OK(gateway.origin_sends(c.answer));
    EXPECT_EQ(gateway.sink.text(ids.response_head), c.head);
    EXPECT_TRUE(gateway.sink.ended(ids.response_body));
    EXPECT_EQ(gateway.sink.text(ids.response_body), "");
    EXPECT_TRUE(gateway.codec.origin_reusable()) << c.answer;
  }
}

TEST(GatewayResponse, says_whether_the_connection_can_be_used_again) {
  const struct {
    const char* answer;
    bool reusable;
  } cases[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
               {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
               {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
               {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
               {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nH", false}};
  for (const auto& c : cases) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, get_head));
    gateway.take_output();
    ASSERT_OK(gateway.origin_sends(c.answer));
    EXPECT_EQ(gateway.origin_done, std::vector{c.reusable}) << c.answer;
  }
}

TEST(GatewayResponse, that_came_before_the_request_was_written_leaves_no_connection_in_order) {
  Gateway whole;
  ASSERT_OK(whole.request(1, get_head));
  ASSERT_OK(whole.origin_sends(no_content));
  EXPECT_EQ(whole.origin_done, std::vector{false});
  Gateway partial;
  ASSERT_OK(
      partial.receive(request_part(ids.request_head, 1, "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n")));
  ASSERT_OK(partial.receive(request_part(ids.request_credentials, 1, "")));
  ASSERT_OK(partial.receive(request_part(ids.request_body, 1, "abc", false)));
  ASSERT_OK(partial.origin_sends(no_content));
  EXPECT_TRUE(partial.take_output().empty()) << "what is left of the request is for nobody";
  EXPECT_EQ(partial.origin_done, std::vector{false});
}

TEST(GatewayResponse, that_nobody_asked_for_belongs_to_nobody) {  // HT-06
  Gateway gateway;
  ASSERT_OK(gateway.request(1, get_head));
  gateway.take_output();
  ASSERT_OK(gateway.origin_sends(no_content));
  EXPECT_TRUE(gateway.codec.origin_reusable());
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
  EXPECT_FALSE(gateway.codec.origin_reusable());
  ASSERT_OK(gateway.request(2, get_head));
  EXPECT_EQ(gateway.sink.text(ids.response_head, 2), "");
}

TEST(GatewayResponse, before_the_request_is_none) {
  Gateway gateway;
  ASSERT_OK(gateway.receive(request_part(ids.request_head, 1, get_head)));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 "));
}

TEST(GatewayResponse, until_close_ends_with_an_orderly_close_only) {
  for (const bool clean : {true, false}) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, get_head));
    ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\n\r\nabc"));
    EXPECT_EQ(gateway.sink.text(ids.response_body), "abc");
    EXPECT_FALSE(gateway.sink.ended(ids.response_body));
    const auto end = gateway.codec.origin_closed(clean);
    if (clean) {
      ASSERT_OK(end);
      EXPECT_EQ(*end, GatewayCodec::OriginEnd::complete);
    } else {
      EXPECT_FAULT(Fault::truncated, end);
    }
    EXPECT_EQ(gateway.sink.ended(ids.response_body), clean);
  }
}

TEST(GatewayResponse, cut_off_anywhere_is_never_whole) {  // HT-11
  const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\n";
  for (const std::string& answer :
       {head + "Content-Length: 5\r\n\r\nabcde",
        head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nt: v\r\n\r\n"}) {
    const std::size_t body_begins = answer.find("\r\n\r\n") + 4;
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
      Gateway gateway;
      ASSERT_OK(gateway.request(1, get_head));
      ASSERT_OK(gateway.origin_sends(answer.substr(0, cut)));
      const auto end = gateway.codec.origin_closed(true);
      if (cut < body_begins) {
        ASSERT_OK(end);
        EXPECT_EQ(*end, GatewayCodec::OriginEnd::answered) << cut;
        EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 "));
        EXPECT_TRUE(gateway.sink.ended(ids.response_body));
      } else {
        EXPECT_FAULT(Fault::truncated, end);
        EXPECT_FALSE(gateway.sink.ended(ids.response_body)) << cut;
      }
    }
  }
}

TEST(GatewayRetry, sends_a_request_again_that_a_kept_connection_did_not_take) {
  Gateway gateway;
  gateway.decision.reused_connection = true;
  ASSERT_OK(gateway.request(1, get_head));
  EXPECT_EQ(gateway.take_output(), get_head);
  auto end = gateway.codec.origin_closed(false);
  ASSERT_OK(end);
  EXPECT_EQ(*end, GatewayCodec::OriginEnd::retry);
  EXPECT_EQ(gateway.take_output(), get_head);
  end = gateway.codec.origin_closed(true);
  ASSERT_OK(end);
  EXPECT_EQ(*end, GatewayCodec::OriginEnd::answered) << "once only";
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gateway.origin_done, std::vector{false});
}

TEST(GatewayRetry, never_sends_twice_what_may_have_had_an_effect) {
  const struct {
    std::string head;
    std::string body;
    std::string answer;
    bool reused;
  } cases[] = {{"POST / HTTP/1.1\r\nhost: a\r\n\r\n", "", "", true},
               {"PUT / HTTP/1.1\r\nhost: a\r\n\r\n", "x", "", true},
               {get_head, "", "HTTP/1.1 103 Early Hints\r\n\r\n", true},
               {get_head, "", "H", true},
               {get_head, "", "", false}};
  for (const auto& c : cases) {
    Gateway gateway;
    gateway.decision.reused_connection = c.reused;
    ASSERT_OK(gateway.request(1, c.head, c.body));
    gateway.take_output();
    ASSERT_OK(gateway.origin_sends(c.answer));
    const auto end = gateway.codec.origin_closed(true);
    ASSERT_OK(end);
    EXPECT_EQ(*end, GatewayCodec::OriginEnd::answered);
    EXPECT_TRUE(gateway.take_output().empty());
  }
}

TEST(GatewayFailure, is_answered_until_an_answer_is_out) {
  Gateway gateway;
  ASSERT_OK(gateway.request(1, get_head));
  ASSERT_OK(gateway.codec.fail_exchange(504, "the origin did not answer in time"));
  EXPECT_TRUE(gateway.sink.text(ids.response_head).starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
  EXPECT_TRUE(gateway.take_output().empty());
  EXPECT_EQ(gateway.origin_done, std::vector{false});
  ASSERT_OK(gateway.request(2, get_head));
  ASSERT_OK(gateway.origin_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_FAULT(Fault::truncated, gateway.codec.fail_exchange(504, "late"));
  EXPECT_FALSE(gateway.sink.ended(ids.response_body, 2));
  Gateway idle;
  EXPECT_FAULT(Fault::internal_error, idle.codec.fail_exchange(502, "nothing"));
}

TEST(GatewayFailure, of_a_head_request_has_no_body) {
  Gateway gateway;
  ASSERT_OK(gateway.request(1, "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n"));
  ASSERT_OK(gateway.codec.fail_exchange(502, "unreachable"));
  EXPECT_NE(gateway.sink.text(ids.response_head).find("content-length: "), std::string::npos);
  EXPECT_EQ(gateway.sink.text(ids.response_body), "");
  EXPECT_TRUE(gateway.sink.ended(ids.response_body));
}

TEST(GatewayTombstone, in_a_request_body_is_filled_to_its_length) {
  Gateway gateway;
  ASSERT_OK(
      gateway.receive(request_part(ids.request_head, 1, "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n")));
  ASSERT_OK(gateway.receive(request_part(ids.request_credentials, 1, "")));
  gateway.take_output();
  OwnedPart tombstone = request_part(ids.request_body, 1, "", false);
  tombstone.redacted = true;
  tombstone.redacted_bytes = 3;
  ASSERT_OK(gateway.receive(tombstone));
  ASSERT_OK(gateway.receive(request_part(ids.request_body, 1, "ab")));
  EXPECT_EQ(gateway.take_output(), "xxxab");
}

struct BadAnswer {
  const char* name;
  std::string answer;
};

const BadAnswer bad_answers[] = {
    {"junk", "hello\r\n\r\n"},
    {"tls", "\x16\x03\x03"s},
    {"http_2", "HTTP/2 200\r\n\r\n"},
    {"http_1_2", "HTTP/1.2 200 OK\r\n\r\n"},
    {"no_space_behind_status", "HTTP/1.1 200\r\n\r\n"},
    {"status_two_digits", "HTTP/1.1 20 OK\r\n\r\n"},
    {"status_four_digits", "HTTP/1.1 2000 OK\r\n\r\n"},
    {"status_letters", "HTTP/1.1 2xx OK\r\n\r\n"},
    {"status_099", "HTTP/1.1 099 OK\r\n\r\n"},
    {"status_600", "HTTP/1.1 600 OK\r\n\r\n"},
    {"status_101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
    {"two_spaces", "HTTP/1.1  200 OK\r\n\r\n"},
    {"control_in_reason", "HTTP/1.1 200 O\x01K\r\n\r\n"},
    {"bare_lf", "HTTP/1.1 200 OK\n\n"},
    {"bare_cr", "HTTP/1.1 200 OK\rX: y\r\n\r\n"},
    {"nul", "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"s},
    {"folded", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n"},
    {"space_before_colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx"},
    {"no_colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n"},
    {"cl_and_te", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"two_cl", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"},
    {"two_cl_alike", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
    {"cl_negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
    {"cl_too_great", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"},
    {"cl_lookalike", "HTTP/1.1 200 OK\r\nContent_Length: 1\r\n\r\n"},
    {"te_other", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
    {"te_xchunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
    {"te_in_http_1_0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"content_in_204", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx"},
    {"chunks_in_204", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"content_in_100", "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\nx"},
    {"connection_names_cookie", "HTTP/1.1 200 OK\r\nConnection: set-cookie\r\n\r\n"},
    {"connection_names_cache_control", "HTTP/1.1 200 OK\r\nConnection: cache-control\r\n\r\n"},
    {"head_too_long", "HTTP/1.1 200 OK\r\nX: " + std::string(65536, 'a')},
    {"too_many_fields",
     [] {
       std::string out = "HTTP/1.1 200 OK\r\n";
       for (int i = 0; i < 201; ++i) out += "x: y\r\n";
       return out + "\r\n";
     }()},
    {"seventeen_interim",
     [] {
       std::string out;
       for (int i = 0; i < 17; ++i) out += "HTTP/1.1 103 Early Hints\r\n\r\n";
       return out;
     }()},
};

class GatewayBadAnswers : public testing::TestWithParam<BadAnswer> {};

TEST_P(GatewayBadAnswers, become_502_and_nothing_of_them_passes) {  // HT-01, HT-12
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1} << 20}) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, get_head));
    gateway.take_output();
    const std::string& answer = GetParam().answer;
    for (std::size_t at = 0; at < answer.size(); at += piece) ASSERT_OK(gateway.origin_sends(answer.substr(at, piece)));
    std::string heads = gateway.sink.text(ids.response_head);
    while (heads.starts_with("HTTP/1.1 103")) heads.erase(0, heads.find("\r\n\r\n") + 4);
    EXPECT_TRUE(heads.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << heads;
    EXPECT_NE(heads.find("cache-control: no-store"), std::string::npos);
    EXPECT_TRUE(gateway.sink.text(ids.response_body).starts_with("louver: "));
    EXPECT_EQ(gateway.sink.text(ids.response_credentials), "");
    EXPECT_EQ(gateway.origin_done, std::vector{false});
    EXPECT_EQ(gateway.codec.open_exchanges(), 0U) << "the session goes on";
  }
}

INSTANTIATE_TEST_SUITE_P(HT12, GatewayBadAnswers, testing::ValuesIn(bad_answers),
                         [](const auto& test_case) { return std::string{test_case.param.name}; });

TEST(GatewayBadBody, ends_the_session_and_never_the_body) {
  for (const char* body : {"x\r\n", "3\r\nabcd\r\n", "3\nabc\r\n", "0\r\nContent-Length: 1\r\n\r\n", "-1\r\n"}) {
    Gateway gateway;
    ASSERT_OK(gateway.request(1, get_head));
    EXPECT_FAULT(Fault::bad_value,
                 gateway.origin_sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"s + body));
    EXPECT_FALSE(gateway.sink.ended(ids.response_body)) << body;
  }
}

}  // namespace
}  // namespace louver::profile::http1::test
