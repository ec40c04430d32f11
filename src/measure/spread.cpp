#include "measure/spread.h"

#include <algorithm>

namespace louver::measure {

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .greatest = values.back()};
}

double percentile(std::vector<double> values, unsigned percent) {
  std::ranges::sort(values);
  const std::size_t rank = (values.size() * percent + 99) / 100;
  return values[rank - 1];
}

}  // namespace louver::measure
