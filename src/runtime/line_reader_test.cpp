#include "runtime/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace louver::runtime {
namespace {

using ::testing::ElementsAre;

class LineReaderTest : public ::testing::Test {
 protected:
  void add(std::string_view text) { reader.add(text, keep); }

  LineReader reader{5};
  std::vector<std::string> lines;
  std::function<bool(std::string_view)> keep = [this](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
};

TEST_F(LineReaderTest, cuts_lines_wherever_the_pieces_end) {
  for (const char* piece : {"o", "ne\nt", "wo\r\n", "\n", "x"}) add(piece);
  EXPECT_THAT(lines, ElementsAre("one", "two", ""));
  reader.end(keep);
  EXPECT_THAT(lines, ElementsAre("one", "two", "", "x"));
}

TEST_F(LineReaderTest, keeps_the_front_of_a_line_that_is_too_long) {
  add("1234");
  add("5678");
  add("9\nnext\n");
  EXPECT_THAT(lines, ElementsAre("12345", "next"));
}

TEST_F(LineReaderTest, stops_when_it_is_told_to) {
  int seen = 0;
  reader.add("a\nb\nc\n", [&](std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace louver::runtime
