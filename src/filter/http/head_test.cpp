#include "filter/http/head.h"

#include <gtest/gtest.h>

namespace louver::filter::http {
namespace {

constexpr HeadKind request = HeadKind::request;
constexpr HeadKind response = HeadKind::response;

const std::string websocket = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";

Result<Head> parse(HeadKind kind, const std::string& text) { return parse_head(kind, as_bytes(text)); }

TEST(EditHead, is_written_as_it_was_read) {
  for (const std::string& text : std::vector<std::string>{
           "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
           "POST /a?b HTTP/1.1\r\nhost: a:80\r\nx-one: 1\r\nx-one: 2\r\nx-empty: \r\ncontent-length: 5\r\nexpect: "
           "100-continue\r\n\r\n",
           "OPTIONS * HTTP/1.1\r\nhost: [::1]\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: a\r\n" + websocket + "upgrade: websocket\r\n\r\n",
       }) {
    const auto head = parse(request, text);
    ASSERT_TRUE(head) << describe(head.error());
    EXPECT_EQ(*write_head(*head), text);
  }
  for (const std::string text : {
           "HTTP/1.1 200 OK\r\n\r\n",
           "HTTP/1.1 200 \r\nx: y: z\r\ncontent-length: 0\r\n\r\n",
           "HTTP/1.1 103 Early Hints\r\nlink: </s.css>\r\n\r\n",
           "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nx: y\r\nupgrade: websocket\r\n\r\n",
       }) {
    const auto head = parse(response, text);
    ASSERT_TRUE(head) << describe(head.error());
    EXPECT_EQ(*write_head(*head), text);
  }
}

TEST(EditHead, refuses_every_other_form_of_a_request) {
  const std::string begin = "GET / HTTP/1.1\r\nhost: a\r\n";
  for (const std::string& text : std::vector<std::string>{
           "",
           "\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nx: y\r\nhost: a\r\n\r\n",
           begin,
           begin + "\n",
           begin + "\r\nrest",
           begin + "x: y\n\r\n",
           begin + "x: y\r\n z\r\n\r\n",
           begin + "X: y\r\n\r\n",
           begin + "x:y\r\n\r\n",
           begin + "x : y\r\n\r\n",
           begin + "x:  y\r\n\r\n",
           begin + "x: y \r\n\r\n",
           begin + "x: a\rb\r\n\r\n",
           begin + std::string{"x: a\0b\r\n\r\n", 10},
           begin + ": y\r\n\r\n",
           begin + "x y: z\r\n\r\n",
           begin + "host: a\r\n\r\n",
           begin + "cookie: a=b\r\n\r\n",
           begin + "authorization: Bearer x\r\n\r\n",
           begin + "transfer-encoding: chunked\r\n\r\n",
           begin + "connection: close\r\n\r\n",
           begin + "louver-client: admin\r\n\r\n",
           begin + "louver_client: admin\r\n\r\n",
           begin + "content_length: 3\r\n\r\n",
           begin + "content-length: 3\r\ncontent-length: 3\r\n\r\n",
           begin + "content-length: 03\r\n\r\n",
           begin + "content-length: 3, 3\r\n\r\n",
           begin + "content-length: \r\n\r\n",
           begin + "expect: 100-Continue\r\n\r\n",
           begin + "expect: 100-continue\r\nexpect: 100-continue\r\n\r\n",
           begin + "content-length: 3\r\nx: y\r\n\r\n",
           begin + "expect: 100-continue\r\ncontent-length: 3\r\n\r\n",
           // HT-09
           begin + "upgrade: websocket\r\n\r\n",
           begin + websocket + "upgrade: h2c\r\n\r\n",
           begin + websocket + "upgrade: websocket\r\nx: y\r\n\r\n",
           begin + websocket + "upgrade: websocket\r\nupgrade: websocket\r\n\r\n",
           begin + websocket + "content-length: 0\r\nupgrade: websocket\r\n\r\n",
           begin + websocket + websocket + "upgrade: websocket\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\n" + websocket + "upgrade: websocket\r\n\r\n",
           "GET / HTTP/1.0\r\nhost: a\r\n\r\n",
           "GET / HTTP/1.1 \r\nhost: a\r\n\r\n",
           "GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET /a/../b HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET * HTTP/1.1\r\nhost: a\r\n\r\n",
           "G(T / HTTP/1.1\r\nhost: a\r\n\r\n",
           std::string(33, 'G') + " / HTTP/1.1\r\nhost: a\r\n\r\n",
           " / HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET HTTP/1.1\r\nhost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: A\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: \r\n\r\n",
           "HTTP/1.1 200 OK\r\nhost: a\r\n\r\n",
       }) {
    const auto head = parse(request, text);
    ASSERT_FALSE(head) << text;
    EXPECT_EQ(head.error().fault, Fault::blocked_by_policy) << text;
  }
}

TEST(EditHead, refuses_every_other_form_of_a_response) {
  for (const std::string& text : std::vector<std::string>{
           "",
           "HTTP/1.1",
           "HTTP/1.1\r\n\r\n",
           "HTTP/1.1 \r\n\r\n",
           "HTTP/1.1 2\r\n\r\n",
           "HTTP/1.1 20\r\n\r\n",
           "HTTP/1.1 200\r\n\r\n",
           "HTTP/1.1 200OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx: y\r\n\r\n",
           "HTTP/1.1 2 00\r\n\r\n",
           "HTTP/1.1 020 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 600 OK\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nx: y\r\n\r\n",
           "HTTP/1.1 200 OK\r\nupgrade: websocket\r\n\r\n",
           "HTTP/1.0 200 OK\r\n\r\n",
           "http/1.1 200 OK\r\n\r\n",
           "HTTP/1.1 200 O\nK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nhost: a\r\n\r\n",
           "HTTP/1.1 200 OK\r\nexpect: 100-continue\r\n\r\n",
           "HTTP/1.1 200 OK\r\nlouver-server: x\r\n\r\n",
           "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
           "HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
       }) {
    const auto head = parse(response, text);
    ASSERT_FALSE(head) << text;
    EXPECT_EQ(head.error().fault, Fault::blocked_by_policy) << text;
  }
}

TEST(EditHead, of_an_upgrade_that_lost_its_key_is_not_written) {
  auto head = parse(request, "GET / HTTP/1.1\r\nhost: a\r\n" + websocket + "upgrade: websocket\r\n\r\n");
  ASSERT_TRUE(head);
  std::erase_if(head->fields, [](const Field& field) { return field.name == "sec-websocket-key"; });
  EXPECT_EQ(write_head(*head).error().fault, Fault::blocked_by_policy);
}

TEST(EditHead, faults_hold_nothing_of_the_message) {
  const auto head = parse(request, "GET / HTTP/1.1\r\nhost: a\r\nCanary: canary\r\n\r\n");
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().detail.find("anary"), std::string::npos);
}

TEST(EditHead, is_bounded_in_octets_and_fields) {
  const std::string begin = "GET / HTTP/1.1\r\nhost: a\r\n";
  const std::string frame = begin + "x: \r\n\r\n";
  const std::string at_limit = begin + "x: " + std::string(head_bytes_most - frame.size(), 'a') + "\r\n\r\n";
  EXPECT_TRUE(parse(request, at_limit));
  EXPECT_EQ(
      parse(request, begin + "x: " + std::string(head_bytes_most - frame.size() + 1, 'a') + "\r\n\r\n").error().fault,
      Fault::limit_exceeded);
  std::string fields;
  for (std::size_t i = 0; i < fields_most; ++i) fields += "x: y\r\n";
  auto full = parse(request, begin + fields + "\r\n");
  ASSERT_TRUE(full);
  EXPECT_EQ(parse(request, begin + fields + "x: y\r\n\r\n").error().fault, Fault::limit_exceeded);
  full->fields.push_back({"one", "more"});
  EXPECT_EQ(write_head(*full).error().fault, Fault::limit_exceeded);

  auto long_one = parse(request, at_limit);
  ASSERT_TRUE(long_one);
  long_one->fields[0].value += "a";
  EXPECT_EQ(write_head(*long_one).error().fault, Fault::limit_exceeded);
}

TEST(EditHead, is_bounded_in_its_target) {
  const auto with_target = [](std::size_t octets) {
    return "GET /" + std::string(octets - 1, 'a') + " HTTP/1.1\r\nhost: a\r\n\r\n";
  };
  EXPECT_TRUE(parse(request, with_target(target_bytes_most)));
  EXPECT_EQ(parse(request, with_target(target_bytes_most + 1)).error().fault, Fault::limit_exceeded);
}

}  // namespace
}  // namespace louver::filter::http
