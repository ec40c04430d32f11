#include "filter/io/icap/head.h"

#include <gtest/gtest.h>

namespace louver::filter::icap {
namespace {

using Body = Encapsulated::Body;

TEST(IcapHead, waits_for_its_end_and_says_how_long_it_is) {
  const std::string text = "ICAP/1.0 204 No Content\r\nISTag: \"x\"\r\nEncapsulated: null-body=0\r\n\r\n";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto none = read_icap_head(as_bytes(text).first(cut));
    ASSERT_TRUE(none) << cut;
    EXPECT_FALSE(*none) << cut;
  }
  const std::string behind = text + "more";
  const auto head = read_icap_head(as_bytes(behind));
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->octets, text.size());
  EXPECT_EQ((*head)->status, 204U);
  EXPECT_EQ((*head)->fields.find("istag"), "\"x\"");
  EXPECT_EQ((*head)->encapsulated.body, Body::none);
}

// c-icap folds what it says of a virus.
TEST(IcapHead, joins_folded_lines) {
  const auto head =
      read_icap_head(as_bytes("ICAP/1.0 200 OK\r\nX-Violations-Found: 1\r\n\t-\r\n\tEicar\r\n\t0\r\n\t0\r\n"
                              "Encapsulated: res-hdr=0, res-body=108\r\n\r\n"));
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->fields.find("x-violations-found"), "1 - Eicar 0 0");
  EXPECT_EQ((*head)->encapsulated.response_head, 108U);
  EXPECT_EQ((*head)->encapsulated.body, Body::response);
}

TEST(IcapHead, refuses_what_is_none) {
  for (const char* text :
       {"HTTP/1.1 200 OK\r\n\r\n", "ICAP/2.0 200 OK\r\n\r\n", "ICAP/1.0 20 OK\r\n\r\n", "ICAP/1.0 099 OK\r\n\r\n",
        "ICAP/1.0 600 OK\r\n\r\n", "ICAP/1.0 2000 OK\r\n\r\n", "ICAP/1.0 200 OK\r\n a: b\r\n\r\n",
        "ICAP/1.0 200 OK\r\na b: c\r\n\r\n", "ICAP/1.0 200 OK\r\na: b\nc: d\r\n\r\n",
        "ICAP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "ICAP/1.0 200 OK\r\nEncapsulated: null-body=0\r\nencapsulated: null-body=0\r\n\r\n"}) {
    EXPECT_FALSE(read_icap_head(as_bytes(text))) << text;
  }
  EXPECT_FALSE(read_icap_head(as_bytes(std::string_view{"ICAP/1.0 200 OK\r\na: b\0c\r\n\r\n", 27})));
}

TEST(IcapHead, is_bounded) {
  std::string text = "ICAP/1.0 200 OK\r\nx: ";
  text.resize(icap_head_most - 1, 'x');
  const auto more = read_icap_head(as_bytes(text));
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
  text += 'x';
  const auto refused = read_icap_head(as_bytes(text));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::limit_exceeded);
  std::string many = "ICAP/1.0 200 OK\r\n";
  for (std::size_t i = 0; i < fields_most; ++i) many += "a: b\r\n";
  EXPECT_TRUE(read_icap_head(as_bytes(many + "\r\n")));
  EXPECT_FALSE(read_icap_head(as_bytes(many + "a: b\r\n\r\n")));
}

TEST(Encapsulated, is_read_with_the_lengths_of_its_heads) {
  const auto both = parse_encapsulated("req-hdr=0, res-hdr=100,res-body=150");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->request_head, 100U);
  EXPECT_EQ(both->response_head, 50U);
  EXPECT_EQ(both->body, Body::response);
  const auto alone = parse_encapsulated("REQ-HDR=0, null-body=7");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->request_head, 7U);
  EXPECT_EQ(alone->body, Body::none);
  EXPECT_EQ(parse_encapsulated("opt-body=0")->body, Body::options);
}

// FI-05: wrong offsets.
TEST(Encapsulated, fi05_refuses_offsets_that_cannot_be) {
  for (const char* text : {"",
                           "req-hdr=0",
                           "req-hdr=1, req-body=5",
                           "req-hdr=0, req-body=0",
                           "req-hdr=5, req-body=0",
                           "req-body=0, req-hdr=5",
                           "req-hdr=0, req-body=-5",
                           "req-hdr=0, req-body=+5",
                           "req-hdr=0, req-body=5x",
                           "req-hdr=0, req-body=",
                           "req-hdr",
                           "req-hdr=0, req-body=18446744073709551616",
                           "req-hdr=0, req-body=99999999",
                           "req-hdr=0, req-hdr=5, req-body=9",
                           "res-hdr=0, req-hdr=5, req-body=9",
                           "req-hdr=0, req-body=5, res-body=9",
                           "req-hdr=0, bomb=5",
                           "req-hdr=0, , req-body=5",
                           "req-hdr=0, req-body=5,",
                           "res-hdr=0, res-hdr=4, res-body=9",
                           "req-hdr=0, req-body=60000"}) {
    EXPECT_FALSE(parse_encapsulated(text)) << text;
  }
}

TEST(EnclosedHead, is_taken_only_whole_and_alone) {
  const auto request = read_http_request_head(as_bytes("PUT /x HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "PUT");
  EXPECT_EQ(request->target, "/x");
  EXPECT_EQ(request->fields.find("host"), "a");
  const auto response = read_http_response_head(as_bytes("HTTP/1.0 403 Forbidden\r\n\r\n"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403U);
  for (const char* text : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nx",
                           "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "PUT / HTTP/1.1\r\n\r\n"})
    EXPECT_FALSE(read_http_response_head(as_bytes(text))) << text;
}

}  // namespace
}  // namespace louver::filter::icap
