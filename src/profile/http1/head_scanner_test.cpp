#include "profile/http1/head_scanner.h"

#include <gtest/gtest.h>

namespace louver::profile::http1 {
namespace {

using State = HeadScanner::State;
using Kind = HeadScanner::Kind;

// The parser behind the scanner refuses some of these too; here it is the scanner alone (HT-01).
TEST(HeadScanner, refuses_each_kind_of_damage_by_itself) {
  const struct {
    const char* head;
    const char* reason;
  } cases[] = {
      {"GET / HTTP/1.1\r\nx: a\rb\r\n", "a bare CR in the head"},
      {"GET / HTTP/1.1\r\nx: a\r\r\n", "a bare CR in the head"},
      {"GET / HTTP/1.1\r\nx: a\n", "a line of the head ends in a bare LF"},
      {"\n", "a line of the head ends in a bare LF"},
      {"GET / HTTP/1.1\r\nx: \x01", "a control character in the head"},
      {"GET / HTTP/1.1\r\nx: a\r\n b: c\r\n", "a folded or indented line in the head"},
      {"GET / HTTP/1.1\r\n\tb: c\r\n", "a folded or indented line in the head"},
      {"GET / HTTP/1.1\r\nx\r\n", "a line of the head without a colon"},
      {"GET / HTTP/1.1\r\nx : a\r\n", "a field name that is none, or a blank before its colon"},
      {"GET / HTTP/1.1\r\n: a\r\n", "a field name that is none, or a blank before its colon"},
      {"GET /\r\n", "the first line does not hold an HTTP version in its place"},
      {"\r\n", "the request line has no HTTP version"},
  };
  for (const auto& c : cases) {
    HeadScanner scanner{Kind::request, {}};
    EXPECT_EQ(scanner.scan(as_bytes(c.head)), State::refused) << c.head;
    ASSERT_TRUE(scanner.refusal());
    EXPECT_EQ(scanner.refusal()->reason, c.reason);
    EXPECT_EQ(scanner.scan(as_bytes(c.head)), State::refused) << "for good";
  }
}

TEST(HeadScanner, refuses_at_the_octet_that_is_wrong) {
  const std::string head = "GET / HTTP/1.1\r\nx: y\n";
  HeadScanner scanner{Kind::request, {}};
  for (std::size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(scanner.scan(as_bytes(head.substr(0, size))), State::more);
  }
  EXPECT_EQ(scanner.scan(as_bytes(head)), State::refused);
}

TEST(HeadScanner, ends_at_the_empty_line_and_counts_fields) {
  HeadScanner scanner{Kind::response, {}};
  EXPECT_EQ(scanner.scan(as_bytes("HTTP/1.1 200 OK\r\na: b\r\nc:\r\n\r\nrest")), State::complete);
  EXPECT_EQ(scanner.size(), 29U);
  EXPECT_EQ(scanner.fields(), 2U);
  HeadScanner trailer{Kind::trailer, {}};
  EXPECT_EQ(trailer.scan(as_bytes("\r\n")), State::complete);
}

TEST(HeadScanner, looks_at_each_limit_below_at_and_above) {  // HT-14
  Limits limits;
  limits.head_bytes = 27;
  limits.fields = 1;
  const std::string head = "GET / HTTP/1.1\r\nx: abcd\r\n\r\n";
  for (const int extra : {-1, 0, 1}) {
    HeadScanner scanner{Kind::request, limits};
    const std::string text =
        "GET / HTTP/1.1\r\nx: " + std::string(static_cast<std::size_t>(4 + extra), 'a') + "\r\n\r\n";
    EXPECT_EQ(scanner.scan(as_bytes(text)), extra > 0 ? State::refused : State::complete) << head.size();
  }
  HeadScanner scanner{Kind::request, Limits{.fields = 1}};
  EXPECT_EQ(scanner.scan(as_bytes("GET / HTTP/1.1\r\nx: y\r\nx: y\r\n")), State::refused);
  EXPECT_EQ(scanner.refusal()->status, 431U);
}

}  // namespace
}  // namespace louver::profile::http1
