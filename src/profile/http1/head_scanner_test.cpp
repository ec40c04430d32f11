#include "profile/http1/head_scanner.h"

#include <gtest/gtest.h>

#include <algorithm>

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

struct Outcome {
  State state;
  std::size_t size;
  unsigned status;
  std::string_view reason;
  bool operator==(const Outcome&) const = default;
};

/// @param step  so many octets come at a time
Outcome outcome_of(Kind kind, const Limits& limits, std::string_view text, std::size_t step) {
  HeadScanner scanner{kind, limits};
  State state = State::more;
  for (std::size_t come = 0; come < text.size() && state == State::more;) {
    come = std::min(come + step, text.size());
    state = scanner.scan(as_bytes(text.substr(0, come)));
  }
  const Refusal refusal = scanner.refusal().value_or(Refusal{0, {}});
  return {state, scanner.size(), refusal.status, refusal.reason};
}

// Runs of text are passed at a time: where one reaches a limit, or what follows it is wrong, must not depend on how
// much has come.
TEST(HeadScanner, says_the_same_however_a_head_is_cut) {
  Limits limits;
  limits.head_bytes = 40;
  limits.trailer_bytes = 20;
  limits.method_bytes = 4;
  limits.target_bytes = 6;
  const std::string lines[] = {"GET / HTTP/1.1\r\n", "GET /long HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", ""};
  for (const Kind kind : {Kind::request, Kind::response, Kind::trailer}) {
    for (const std::string& line : lines) {
      for (std::size_t size = 0; size < 45; ++size) {
        for (const char* behind : {"\r\n\r\n", "\n", "\r", "\r\r", "\x01", "\x7f", "\r\nq: \xfe\r\n\r\n"}) {
          const std::string text = line + "x:" + std::string(size, 'a') + behind;
          const Outcome octet_by_octet = outcome_of(kind, limits, text, 1);
          for (const std::size_t step : {std::size_t{2}, std::size_t{7}, text.size()})
            EXPECT_EQ(outcome_of(kind, limits, text, step), octet_by_octet) << printable(text) << " by " << step;
        }
      }
    }
  }
}

}  // namespace
}  // namespace louver::profile::http1
