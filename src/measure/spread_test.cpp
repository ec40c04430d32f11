#include "measure/spread.h"

#include <gtest/gtest.h>

namespace louver::measure {
namespace {

TEST(Spread, of_an_odd_number_is_its_middle_value_and_both_ends) {
  const Spread spread = spread_of({3, 1, 9});
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.greatest, 9);
}

TEST(Spread, of_an_even_number_has_the_median_between_the_middle_two) {
  EXPECT_EQ(spread_of({4, 1, 2, 100}).median, 3);
}

TEST(Spread, of_one_value_is_that_value) {
  const Spread spread = spread_of({2.5});
  EXPECT_EQ(spread.median, 2.5);
  EXPECT_EQ(spread.least, 2.5);
  EXPECT_EQ(spread.greatest, 2.5);
}

TEST(Percentile, is_a_value_that_so_many_are_not_above) {
  std::vector<double> values;
  for (int i = 200; i >= 1; --i) values.push_back(i);
  EXPECT_EQ(percentile(values, 50), 100);
  EXPECT_EQ(percentile(values, 99), 198);
  EXPECT_EQ(percentile(values, 100), 200);
}

TEST(Percentile, of_few_values_takes_the_greatest_rather_than_one_that_more_are_above) {
  EXPECT_EQ(percentile({1, 2, 3}, 99), 3);
  EXPECT_EQ(percentile({7}, 1), 7);
}

}  // namespace
}  // namespace louver::measure
