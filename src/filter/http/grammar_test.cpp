#include "filter/http/grammar.h"

#include <gtest/gtest.h>

namespace louver::filter::http {
namespace {

using namespace std::string_view_literals;

TEST(EditGrammar, knows_field_names_and_values) {
  for (const auto name : {"x", "x-checked", "a1!#$%&'*+.^_`|~-"}) EXPECT_TRUE(is_field_name(name)) << name;
  for (const auto name : {""sv, "X"sv, "x y"sv, "x:"sv, "x\r"sv, "\0x"sv, "\xc3\xa9"sv, "(x)"sv, "x\t"sv})
    EXPECT_FALSE(is_field_name(name)) << name;
  for (const auto value : {""sv, "a b"sv, "a\tb"sv, "\"q\""sv, "\xff"sv}) EXPECT_TRUE(is_field_value(value)) << value;
  for (const auto value : {" a"sv, "a "sv, "\ta"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv, "\x7f"sv, "\x1b[0m"sv})
    EXPECT_FALSE(is_field_value(value)) << value;
}

TEST(EditGrammar, knows_decimals) {
  for (const auto text : {"0", "7", "10", "9223372036854775807"}) EXPECT_TRUE(is_decimal(text)) << text;
  for (const auto text :
       {"", "00", "07", "+1", "-1", " 1", "1 ", "0x1", "9223372036854775808", "10000000000000000000"}) {
    EXPECT_FALSE(is_decimal(text)) << text;
  }
}

TEST(EditGrammar, knows_authorities) {
  for (const auto text :
       {"a", "shop.example", "shop.example:8080", "192.0.2.1", "[::1]", "[2001:db8::1]:443", "a_b-c"}) {
    EXPECT_TRUE(is_authority(text)) << text;
  }
  for (const auto text :
       {"",      ":80", "Shop.example", "a b",  "u@a",  "a:",  "a:0", "a:080",   "a:65536",   "a:99999", "a:123456",
        "a:1:2", ".a",  "a.",           "a..b", "[::1", "::1", "[]",  "[::1]80", "[FE80::1]", "a/b",     "*"}) {
    EXPECT_FALSE(is_authority(text)) << text;
  }
}

TEST(EditGrammar, knows_paths_that_everybody_sees_alike) {
  for (const auto text :
       {"/", "/a", "/a/b?c=d", "/...", "/.a", "/a.", "/%20", "/a;b", "/a//b", "/?x/../y", "/a?%", "/a..b/c"}) {
    EXPECT_TRUE(is_origin_form(text)) << text;
  }
  for (const auto text :
       {"",        "a",    "*",     "/a b",      "/a#b",  "/\x7f",   "/\xff", "/\"",      "/<", "/a\\b",
        "/%",      "/%2",  "/%g0",  "/.",        "/..",   "/a/../b", "/a/.",  "/%2e",     "//", "/%2f",
        "/a%5c..", "/%0a", "/a%7F", "/%2E%2e/a", "/.%2e", "/..;x/a", "/a/.;", "http://a/"}) {
    EXPECT_FALSE(is_origin_form(text)) << text;
  }
}

}  // namespace
}  // namespace louver::filter::http
