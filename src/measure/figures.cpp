#include "measure/figures.h"

#include <algorithm>

namespace louver::measure {

void Figures::add(std::string_view name, std::string_view party, std::string_view what, std::string_view unit,
                  double value) {
  auto found = std::ranges::find_if(all_, [&](const Figure& one) { return one.name == name && one.party == party; });
  if (found == all_.end())
    found = all_.insert(found, Figure{std::string{name}, std::string{party}, std::string{what}, std::string{unit}, {}});
  found->values.push_back(value);
}

}  // namespace louver::measure
