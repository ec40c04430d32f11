#include <gtest/gtest.h>

#include <string>

#include "filter/http/grammar.h"
#include "profile/http1/target.h"

// The filter `edit` and the profile are siblings and read targets each for itself. HT-10: what one refuses, the other
// may not take, or an editor would let pass or make what the far end ends the session for.

namespace louver {
namespace {

TEST(Targets, are_read_alike_by_the_profile_and_by_filters) {
  const std::string pieces[] = {"/", "a", ".", "%2e", "%2F", "%5c", "\\", "%00", "%7F", "%4", ";x", "?", "*", " "};
  int taken = 0;
  for (const std::string& first : pieces) {
    for (const std::string& second : pieces) {
      for (const std::string& third : pieces) {
        for (const std::string& fourth : pieces) {
          const std::string target = first + second + third + fourth;
          const bool fine = profile::http1::is_origin_form(target);
          ASSERT_EQ(filter::http::is_origin_form(target), fine) << target;
          taken += fine ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace louver
