#include "config/suggest.h"

#include <gtest/gtest.h>

#include <string>

namespace louver::config {
namespace {

constexpr std::string_view known[] = {"listen", "limits", "threads", "log", "certificate"};

TEST(Suggest, finds_what_was_meant) {
  EXPECT_EQ(nearest("lisen", known), "listen");
  EXPECT_EQ(nearest("listne", known), "listen");
  EXPECT_EQ(nearest("lissten", known), "listen");
  EXPECT_EQ(nearest("Listen", known), "listen");
  EXPECT_EQ(nearest("limit", known), "limits");
  EXPECT_EQ(nearest("certificates", known), "certificate");
  EXPECT_EQ(nearest("lgo", known), "log");
}

TEST(Suggest, says_nothing_about_strangers) {
  for (const char* written : {"", "xyzzy", "cat", "route", "l", "li"})
    EXPECT_EQ(nearest(written, known), std::nullopt) << written;
  EXPECT_EQ(nearest("listen", {}), std::nullopt);
}

TEST(Suggest, takes_texts_up_to_64_octets) {
  const std::string longest(64, 'a');
  const std::string too_long(65, 'a');
  const std::string_view candidates[] = {longest};
  EXPECT_EQ(nearest(longest.substr(1), candidates), longest);
  EXPECT_EQ(nearest(too_long, candidates), std::nullopt);
}

}  // namespace
}  // namespace louver::config
