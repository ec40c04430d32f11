#include "runtime/rate_limit.h"

#include <gtest/gtest.h>

namespace louver::runtime {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, lets_one_through_in_each_interval_and_counts_the_others) {
  RateLimit limit{10s};
  const TimePoint start{};
  EXPECT_EQ(limit.admit(start), 0U);
  EXPECT_EQ(limit.admit(start), std::nullopt);
  EXPECT_EQ(limit.admit(start + 9999ms), std::nullopt);
  EXPECT_EQ(limit.admit(start + 10s), 2U);
  EXPECT_EQ(limit.admit(start + 11s), std::nullopt);
  EXPECT_EQ(limit.admit(start + 30s), 1U);
  EXPECT_EQ(limit.admit(start + 40s), 0U);
}

}  // namespace
}  // namespace louver::runtime
