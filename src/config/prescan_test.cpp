#include "config/prescan.h"

#include <gtest/gtest.h>

#include <string>

namespace louver::config {
namespace {

/// The kind and the offset, or "".
std::string found_in(std::string_view text) {
  const auto oddity = find_oddity(text);
  if (!oddity) return "";
  constexpr const char* kinds[] = {"deep_key at ", "odd_quote at ", "not_ascii at "};
  return kinds[static_cast<std::size_t>(oddity->kind)] + std::to_string(oddity->offset);
}

TEST(Prescan, counts_the_parts_of_a_key) {
  std::string key = "a";
  for (std::size_t i = 1; i < key_parts_most; ++i) key += " . \"b.\\\".c\"";
  const std::string last_dot = std::to_string(key.size());
  EXPECT_EQ(found_in(key + " = 1\n"), "");
  EXPECT_EQ(found_in(key + ".d = 1\n"), "deep_key at " + last_dot);
  EXPECT_EQ(found_in("\n\n" + key + ".d = 1\n"), "deep_key at " + std::to_string(key.size() + 2));
  EXPECT_NE(found_in("x = { " + key + ".d = 1 }"), "");
  EXPECT_NE(found_in("x = [\n{ a = 1, " + key + ".d = 1 }]"), "");
  EXPECT_NE(found_in("[" + key + ".d]"), "");
  EXPECT_EQ(found_in(key + " = 1.5\n" + key + " = 2.5\n"), "");
}

TEST(Prescan, skips_strings_and_comments) {
  const std::string odd = std::string(100, '.') + "\xc3\xa9";
  EXPECT_EQ(found_in("# " + odd + "\na = \"" + odd + "\"\nb = '" + odd + "'\n"), "");
  EXPECT_EQ(found_in("a = \"\"\"\n" + odd + "\"\n" + odd + "\\\"\"\" " + odd + "\"\"\"\n"), "");
  EXPECT_EQ(found_in("a = '''\n" + odd + "''\n" + odd + "'''\n"), "");
  EXPECT_EQ(found_in("a = \"\\\\\" # " + odd), "");
}

TEST(Prescan, knows_where_strings_end) {
  for (const char* string :
       {"\"\"", "''", "\"\\\"\"", "\"\\\\\"", "'\\'", "\"\"\"\"\"\"", "''''''", "\"\"\"a\"\"\"\"", "\"\"\"a\"\"\"\"\"",
        "\"\"\"\\\"\"\"\"", "'''a'''''", "'''\\'''", "\"\"\"a\n\"b\"\"c\"\"\""}) {
    const std::string before = "a = " + std::string{string} + " ";
    EXPECT_EQ(found_in(before + "\xc3\xa9"), "not_ascii at " + std::to_string(before.size())) << string;
  }
}

TEST(Prescan, takes_a_line_end_for_the_end_of_a_string_of_one_line) {
  EXPECT_EQ(found_in("a = \"b\n\xc3\xa9"), "not_ascii at 7");
  EXPECT_EQ(found_in("a = 'b\n\xc3\xa9"), "not_ascii at 7");
}

// found by config_fuzz: behind a '+' the parser sees no string, so it looked its characters up in those tables
TEST(Prescan, refuses_a_quote_where_no_key_or_value_begins) {
  EXPECT_EQ(found_in("a = +\"\xef\xbb\xa5\""), "odd_quote at 5");
  EXPECT_EQ(found_in("a = 1\"b\""), "odd_quote at 5");
  EXPECT_EQ(found_in("a = \"b\"\"c\""), "odd_quote at 7");
  EXPECT_EQ(found_in("a \"b\" = 1"), "odd_quote at 2");
  EXPECT_EQ(found_in("a = [ \"b\", 'c' ]\n\"d\".'e' = { \"f\" = 'g', h = 'i' }\r\n'j' = 1"), "");
}

TEST(Prescan, ends_on_strings_that_never_end) {
  for (const char* text : {"\"", "'", "\"\"\"", "'''", "\"\\", "\"\"\"\\", "\"\"", "''", "\"\"\"\"", "'''''", "#"}) {
    EXPECT_EQ(found_in(text), "") << text;
  }
}

}  // namespace
}  // namespace louver::config
