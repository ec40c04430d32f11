#include "tls/role_pattern.h"

#include <gtest/gtest.h>

namespace louver::tls {
namespace {

TEST(RolePattern, matches_one_last_segment) {
  EXPECT_TRUE(matches("spiffe://d/louver/middlebox/*", "spiffe://d/louver/middlebox/av"));
  EXPECT_TRUE(matches("spiffe://d/louver/server", "spiffe://d/louver/server"));
}

TEST(RolePattern, is_anchored_at_both_ends) {
  const auto pattern = "spiffe://d/louver/middlebox/*";
  for (const auto* uri :
       {"spiffe://d/louver/middlebox/", "spiffe://d/louver/middlebox", "spiffe://d/louver/middlebox/a/b",
        "spiffe://d/louver/middlebox/a/", "spiffe://d/louver/middleboxes/a", "xspiffe://d/louver/middlebox/a",
        "spiffe://d/louver/Middlebox/a", "spiffe://d/louver/middlebox%2fa", "spiffe://e/louver/middlebox/a",
        "spiffe://d/x/../louver/middlebox/a", ""}) {
    EXPECT_FALSE(matches(pattern, uri)) << uri;
  }
  EXPECT_FALSE(matches("spiffe://d/server", "spiffe://d/server1"));
  EXPECT_FALSE(matches("spiffe://d/server", "spiffe://d/serve"));
}

TEST(RolePattern, matches_nothing_when_empty) {
  EXPECT_FALSE(matches("", ""));
  EXPECT_FALSE(matches("", "spiffe://d/a"));
}

TEST(RolePattern, takes_a_star_only_as_the_whole_last_segment) {
  EXPECT_EQ(role_pattern_fault("spiffe://d/louver/*"), std::nullopt);
  EXPECT_EQ(role_pattern_fault("spiffe://d/*"), std::nullopt);
  EXPECT_EQ(role_pattern_fault("spiffe://d/louver"), std::nullopt);
  for (const auto* pattern :
       {"spiffe://d/a*", "spiffe://d/*a", "spiffe://d/*/a", "spiffe://d/*/*", "spiffe://*/a", "spiffe://*", "*", "/*",
        "spiffe://d/**", "spiffe://d//*", "spiffe://d/../*", "https://d/*", "spiffe://d/a/"}) {
    EXPECT_NE(role_pattern_fault(pattern), std::nullopt) << pattern;
  }
}

TEST(RolePattern, refuses_patterns_that_could_give_one_id_two_roles) {
  EXPECT_EQ(role_patterns_fault({"spiffe://d/client/*", "spiffe://d/middlebox/*", "spiffe://d/server"}), std::nullopt);
  EXPECT_EQ(role_patterns_fault({"", "spiffe://d/*", ""}), std::nullopt);
  EXPECT_EQ(role_patterns_fault({"spiffe://d/*", "spiffe://d/m/*", ""}), std::nullopt);
  EXPECT_NE(role_patterns_fault({"spiffe://d/*", "spiffe://d/*", ""}), std::nullopt);
  EXPECT_NE(role_patterns_fault({"spiffe://d/*", "", "spiffe://d/server"}), std::nullopt);
  EXPECT_NE(role_patterns_fault({"", "spiffe://d/server", "spiffe://d/*"}), std::nullopt);
  EXPECT_NE(role_patterns_fault({"spiffe://d/a", "", "spiffe://d/a"}), std::nullopt);
}

}  // namespace
}  // namespace louver::tls
