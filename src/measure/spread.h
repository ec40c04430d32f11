#pragma once

#include <vector>

namespace louver::measure {

/// What the rounds gave of one figure.
struct Spread {
  double median = 0, least = 0, greatest = 0;
};
/// @param values  at least one; between the two in the middle lies the median of an even number
Spread spread_of(std::vector<double> values);

/// The least value that so many percent of all are not above (nearest rank).
/// @param values   at least one
/// @param percent  1..100
double percentile(std::vector<double> values, unsigned percent);

}  // namespace louver::measure
