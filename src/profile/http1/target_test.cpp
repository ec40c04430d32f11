#include "profile/http1/target.h"

#include <gtest/gtest.h>

namespace louver::profile::http1 {
namespace {

TEST(AuthorityText, has_one_form_for_each_authority) {  // HT-10
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {{"a", "a"},
               {"A.Example", "a.example"},
               {"a:80", "a"},
               {"a:8080", "a:8080"},
               {"a:65535", "a:65535"},
               {"127.0.0.1:1", "127.0.0.1:1"},
               {"a_b-c.d", "a_b-c.d"},
               {"[::1]", "[::1]"},
               {"[0:0:0:0:0:0:0:1]:80", "[::1]"},
               {"[2001:DB8:0:0::1]:81", "[2001:db8::1]:81"}};
  for (const auto& c : cases) {
    const auto authority = parse_authority(c.text, 80);
    ASSERT_TRUE(authority) << c.text;
    EXPECT_EQ(authority->text(), c.expected);
    EXPECT_EQ(parse_authority(authority->text(), 80), authority) << "not stable: " << c.text;
  }
  EXPECT_EQ(parse_authority("a:80", 443)->text(), "a:80");
}

TEST(AuthorityText, of_another_form_is_none) {
  for (const char* text : {"",
                           ":80",
                           "a:",
                           "a:0",
                           "a:00",
                           "a:080",
                           "a:65536",
                           "a:99999999999999999999",
                           "a:-1",
                           "a:+1",
                           "a:8x",
                           "a b",
                           " a",
                           "a ",
                           ".a",
                           "a.",
                           "a..b",
                           "u@a",
                           "u:p@a",
                           "a/",
                           "a?",
                           "a#",
                           "a,b",
                           "a%41",
                           "\xc3\xa9",
                           "a\\b",
                           "[::1",
                           "::1",
                           "[::1]x",
                           "[::1]:",
                           "[fe80::1%25eth0]",
                           "[1]",
                           "[]",
                           "[::1]]",
                           "a:1:2"}) {
    EXPECT_FALSE(parse_authority(text, 80)) << text;
  }
  EXPECT_TRUE(parse_authority(std::string(253, 'a'), 80));
  EXPECT_FALSE(parse_authority(std::string(254, 'a'), 80));
}

TEST(OriginForm, takes_what_everybody_reads_alike) {
  for (const char* target :
       {"/", "/a//b", "/a.b/..c/.../x", "/%2e%2ex", "/a%2fb", "/a/%2f/b", "/a%5Cb", "/a?../..", "/?a?b", "/?//",
        "/a;b/c", "/[x]", "/a|b", "/~u/%C3%A9", "/?q=100%", "/?a\\b", "/?%00%0d%0a", "/%252e%252e"}) {
    EXPECT_TRUE(is_origin_form(target)) << target;
  }
}

TEST(OriginForm, refuses_what_can_be_read_in_two_ways) {  // HT-10
  for (const char* target : {"",
                             "a",
                             "*",
                             "?",
                             "http://a/",
                             "/..",
                             "/.",
                             "/../",
                             "/a/..",
                             "/a/./b",
                             "/%2e",
                             "/%2E%2e/x",
                             "/.%2e",
                             "/..;",
                             "/.;a=b/c",
                             "/%2e%2e;x/",
                             "/a\\b",
                             "/%",
                             "/%4",
                             "/%4x",
                             "/a b",
                             "/a\tb",
                             "/a#b",
                             "/\"",
                             "/<",
                             "/?<",
                             "/?#",
                             "/\x7f",
                             "/\x80",
                             "/?\x80",
                             "//",
                             "//b.example/",
                             "/%2f",
                             "/%2Fb",
                             "/%5cb",
                             "/.%2fa",
                             "/a/..%2Fb",
                             "/a%2f..",
                             "/a%5c.%2e%5Cb",
                             "/a/..;x%2fb",
                             "/a%00",
                             "/a%0d%0ab",
                             "/%1F",
                             "/a%7f",
                             "/a/..%00"}) {
    EXPECT_FALSE(is_origin_form(target)) << target;
  }
}

TEST(AbsoluteFormText, is_cut_at_the_first_character_of_the_path) {
  const auto parts = split_absolute_form("http://a:1/b?c");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->scheme, "http");
  EXPECT_EQ(parts->authority, "a:1");
  EXPECT_EQ(parts->path, "/b?c");
  EXPECT_EQ(split_absolute_form("http://a\\@b/")->authority, "a");
  EXPECT_EQ(split_absolute_form("http://a?x")->path, "?x");
  EXPECT_EQ(split_absolute_form("http://a")->path, "");
  EXPECT_FALSE(split_absolute_form("/a"));
  EXPECT_FALSE(split_absolute_form("://a"));
}

}  // namespace
}  // namespace louver::profile::http1
