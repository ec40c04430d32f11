#include "profile/http1/fields.h"

#include <gtest/gtest.h>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

TEST(FieldTable, holds_each_name_once_and_in_lower_case) {
  for (const FieldRule& rule : field_table()) {
    EXPECT_TRUE(is_lower_token(rule.name));
    EXPECT_EQ(place_of(rule.name), rule.place) << rule.name;
    EXPECT_FALSE(is_lookalike(rule.name)) << rule.name;
  }
}

TEST(FieldTable, puts_unknown_fields_into_the_head) {
  for (const char* name : {"accept", "x-api-key", "louver", "louverclient", "cookies", "www-authenticate"}) {
    EXPECT_EQ(place_of(name), Place::head) << name;
    EXPECT_FALSE(is_lookalike(name)) << name;
  }
}

TEST(FieldTable, keeps_our_own_fields_in_every_spelling) {  // HT-08
  std::size_t spellings = 0;
  for (const char separator : std::string_view{"-_.!#$%&'*+^`|~"}) {
    for (const char* rest : {"", "client", "middleboxes", "x"}) {
      EXPECT_EQ(place_of(std::string{"louver"} + separator + rest), Place::reserved) << separator << rest;
      ++spellings;
    }
  }
  EXPECT_GE(spellings, 60U);
}

TEST(FieldTable, lets_nothing_that_is_a_proxys_go_on) {  // HT-08
  for (const char* name :
       {"proxy", "proxy-authorization", "proxy-authenticate", "proxy-authentication-info", "proxy-connection"}) {
    EXPECT_EQ(place_of(name), Place::hop) << name;
  }
  EXPECT_EQ(place_of("proxy-status"), Place::head) << "RFC 9209: for the user";
}

TEST(FieldTable, knows_every_lookalike_of_a_listed_name) {
  for (const FieldRule& rule : field_table()) {
    for (const char separator : std::string_view{"_.!#$%&'*+^`|~"}) {
      std::string name{rule.name};
      for (char& c : name) c = c == '-' ? separator : c;
      EXPECT_EQ(is_lookalike(name), name != rule.name) << name;
    }
  }
}

TEST(FieldTable, protects_what_a_connection_must_not_nominate) {  // HT-08
  for (const char* name : {"host", "content-length", "content-type", "authorization", "cookie", "set-cookie", "expect",
                           "cache-control", "x-forwarded-for", "forwarded", "via", "sec-fetch-site", "origin",
                           "if-match", "louver-client", "traceparent"}) {
    EXPECT_TRUE(is_protected(name)) << name;
  }
  for (const char* name : {"keep-alive", "te", "transfer-encoding", "upgrade", "trailer", "x-anything", "connection"}) {
    EXPECT_FALSE(is_protected(name)) << name;
  }
}

TEST(Decimal, has_one_form_below_2_63) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("9223372036854775807"), 9223372036854775807U);
  for (const char* text :
       {"", "00", "01", "+1", "-1", " 1", "1 ", "1,1", "0x1", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

}  // namespace
}  // namespace louver::profile::http1
