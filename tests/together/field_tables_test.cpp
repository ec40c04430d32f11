#include <gtest/gtest.h>

#include <string>

#include "filter/http/kept_fields.h"
#include "profile/http1/fields.h"

// The filter `edit` and the profile are siblings and keep a table of header fields each. HT-02: what the profile has a
// place for outside the heads, no filter may put into a head.

namespace louver {
namespace {

using profile::http1::Place;

TEST(FieldTables, edit_keeps_its_hands_off_whatever_the_profile_places_outside_the_heads) {
  for (const profile::http1::FieldRule& rule : profile::http1::field_table()) {
    ASSERT_NE(rule.place, Place::head) << rule.name;
    EXPECT_TRUE(filter::http::why_kept(rule.name)) << rule.name;
    std::string lookalike{rule.name};
    for (char& c : lookalike) c = c == '-' ? '_' : c;
    EXPECT_TRUE(filter::http::why_kept(lookalike)) << lookalike;
  }
  EXPECT_TRUE(filter::http::why_kept("louver-client"));
}

TEST(FieldTables, edit_may_touch_the_fields_of_the_heads) {
  for (const char* name : {"accept", "x-checked", "content-type", "user-agent", "via", "hosts", "cookies"}) {
    EXPECT_EQ(profile::http1::place_of(name), Place::head) << name;
    EXPECT_FALSE(filter::http::why_kept(name)) << name;
  }
}

}  // namespace
}  // namespace louver
