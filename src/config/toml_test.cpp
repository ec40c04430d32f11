#include "config/toml.h"

#include <gtest/gtest.h>

#include "config/config.h"

namespace louver::config {
namespace {

std::string error_of(std::string_view text) {
  const auto result = parse_toml(text, "f");
  return result ? "" : result.error().detail;
}

TEST(Toml, keeps_the_order_and_places_of_the_file) {
  const auto table = parse_toml("z = 1\n[b]\n  y = [ \"x\" ]\n[[a]]\nk = true\n[[a]]\n", "f");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->size(), 3U);
  EXPECT_EQ((*table)[0].key, "z");
  EXPECT_EQ((*table)[1].key, "b");
  EXPECT_EQ((*table)[2].key, "a");
  const Table& b = *(*table)[1].value.as<Table>();
  EXPECT_EQ(b[0].place, (Place{3, 3}));
  EXPECT_EQ(b[0].value.place, (Place{3, 7}));
  EXPECT_EQ((*table)[2].value.as<Array>()->at(1).place, (Place{6, 1}));
}

TEST(Toml, accepts_an_empty_file) { EXPECT_EQ(error_of(""), ""); }

TEST(Toml, refuses_a_byte_order_mark) {
  EXPECT_EQ(error_of("\xef\xbb\xbf"
                     "a = 1\n"),
            "f:1:1: the file begins with a byte order mark: save it as UTF-8 without one");
  EXPECT_EQ(error_of(std::string_view{"\xff\xfe"
                                      "a\0",
                                      4}),
            "f:1:1: the file is UTF-16: save it as UTF-8");
  EXPECT_EQ(error_of(std::string_view{"\xfe\xff\0a", 4}), "f:1:1: the file is UTF-16: save it as UTF-8");
}

TEST(Toml, refuses_what_is_not_utf8_with_its_place) {
  const std::string words = "the file is not UTF-8 here: save it as UTF-8";
  EXPECT_EQ(error_of("a = 1\nb = \"\xfc\"\n"), "f:2:6: " + words);                     // Latin-1
  EXPECT_EQ(error_of("# \xc0\xaf\n"), "f:1:3: " + words);                              // overlong
  EXPECT_EQ(error_of("# \xed\xa0\x80\n"), "f:1:3: " + words);                          // surrogate
  EXPECT_EQ(error_of("# \xf4\x90\x80\x80\n"), "f:1:3: " + words);                      // above U+10FFFF
  EXPECT_EQ(error_of("# \xe2\x82"), "f:1:3: " + words);                                // cut
  EXPECT_EQ(error_of("# \xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9 \xed\x9f\xbf\n"), "");  // well-formed
}

TEST(Toml, refuses_control_characters_and_nul) {
  EXPECT_NE(error_of(std::string_view{"a = \"\0\"\n", 8}), "");
  EXPECT_NE(error_of("a = \x01\n"), "");
  EXPECT_NE(error_of("# \x7f\n"), "");
}

TEST(Toml, a_table_header_that_begins_with_no_key_is_an_error_and_no_crash) {
  for (const std::string_view text : {"[\x10\x10]\n", "[=]\n", "[.a]\n", "[[=]]\n", "[a.=]\n", "[#\n"}) {
    EXPECT_TRUE(error_of(text).starts_with("f:1:")) << text << error_of(text);
  }
}

TEST(Toml, takes_a_file_of_the_greatest_size_and_refuses_one_octet_more) {
  std::string text(file_bytes_most, '\n');
  EXPECT_EQ(error_of(text), "");
  text += '\n';
  EXPECT_EQ(error_of(text), "f:1:1: the file has more than 1048576 octets: this is no configuration");
}

TEST(Toml, shows_the_parsers_words_in_one_printable_line) {
  EXPECT_EQ(error_of("a = 1\na = 2\n"), "f:2:5: not TOML: cannot redefine existing integer 'a'; write it once");
  const std::string error = error_of("a = \"\\x\"\n\x1b[31m");
  EXPECT_EQ(error.find('\x1b'), std::string::npos);
}

TEST(Toml, survives_deep_nesting) {
  for (const char* piece : {"[", "{a=", "a.", "'a'.", "[[", "[a."}) {
    std::string text = std::string_view{piece}.find('=') == std::string_view::npos && piece[0] != '[' ? "" : "x = ";
    while (text.size() + 4 < file_bytes_most) text += piece;
    EXPECT_NE(error_of(text + "a = 1\n"), "") << piece;
  }
}

TEST(Toml, names_a_file_that_cannot_be_read) {
  EXPECT_EQ(read_file("/nonexistent/louver.toml").error().detail,
            "/nonexistent/louver.toml: can't be opened: No such file or directory");
  EXPECT_FALSE(read_file("/"));
  const auto endless = read_file("/dev/zero");
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->size(), file_bytes_most + 1);  // which parse_toml refuses
}

TEST(Toml, refuses_letters_outside_strings_that_only_look_like_ascii) {
  const std::string words = "a character that is not ASCII: it may only be in strings and comments";
  EXPECT_EQ(error_of("a = 1\nl\xd1\x96sten = 2\n"), "f:2:2: " + words);
  EXPECT_EQ(error_of("a =\xc2\xa0"
                     "1\n"),
            "f:1:4: " + words);  // no-break space
  EXPECT_EQ(error_of("a = \"\xd1\x96\" # \xd1\x96\n'\xd1\x96' = 1\n"), "");
}

}  // namespace
}  // namespace louver::config
