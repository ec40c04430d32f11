#include "profile/http1/lift/source.h"

#include <gtest/gtest.h>

namespace louver::profile::http1 {
namespace {

TEST(FieldSource, names_a_header_a_form_field_or_a_member) {
  EXPECT_EQ(parse_field_source("header:x-card")->path, std::vector<std::string>{"x-card"});
  EXPECT_EQ(parse_field_source("form:card[no]")->path, std::vector<std::string>{"card[no]"});
  EXPECT_EQ(parse_field_source("json:/payment/card")->path, (std::vector<std::string>{"payment", "card"}));
  EXPECT_EQ(parse_field_source("json:/a~1b/~0~01/")->path, (std::vector<std::string>{"a/b", "~~1", ""}));
}

TEST(FieldSource, refuses_what_is_none) {
  std::string long_name(field_source_octets_most, 'x');
  std::string deep = "json:";
  for (std::size_t i = 0; i <= json_path_most; ++i) deep += "/a";
  for (const std::string& text :
       {std::string{}, std::string{"card"}, std::string{"header:"}, std::string{"form:"}, std::string{"json:"},
        std::string{"json:card"}, std::string{"json:/a~"}, std::string{"json:/a~2"}, std::string{"xml:/a"},
        std::string{"header:X-Card"}, std::string{"header:x card"}, std::string{"form:a b"},
        std::string{"form:\xc3\xa9"}, "form:" + long_name, deep}) {
    EXPECT_FALSE(parse_field_source(text)) << text;
  }
}

/// HT-02: what frames, routes, authenticates or is ours keeps its place.
TEST(FieldSource, refuses_header_fields_that_have_a_place_or_that_others_depend_on) {
  for (const char* name : {"host",
                           "cookie",
                           "authorization",
                           "set-cookie",
                           "content-length",
                           "content-type",
                           "content-encoding",
                           "expect",
                           "upgrade",
                           "connection",
                           "te",
                           "trailer",
                           "transfer-encoding",
                           "content_length",
                           "louver-client",
                           "louver_x",
                           "sec-websocket-key",
                           "if-match",
                           "range",
                           "x-forwarded-for",
                           "proxy-authorization",
                           "origin",
                           "date"}) {
    EXPECT_FALSE(parse_field_source("header:" + std::string{name})) << name;
  }
}

TEST(FieldSource, overlap_where_one_is_within_the_other) {
  const auto of = [](std::string_view text) { return *parse_field_source(text); };
  EXPECT_TRUE(overlap(of("json:/a"), of("json:/a")));
  EXPECT_TRUE(overlap(of("json:/a"), of("json:/a/b")));
  EXPECT_TRUE(overlap(of("json:/a/b"), of("json:/a")));
  EXPECT_FALSE(overlap(of("json:/a/b"), of("json:/a/c")));
  EXPECT_FALSE(overlap(of("json:/a"), of("form:a")));
  EXPECT_FALSE(overlap(of("json:/a"), of("json:/ab")));
}

}  // namespace
}  // namespace louver::profile::http1
