#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace louver::measure {

/// One number, as the rounds gave it.
struct Figure {
  std::string name;   // for programs: "bulk.read"
  std::string party;  // "agent", "middlebox", "gateway"; "path" for all of it; "machine" without Louver
  std::string what;   // in words
  std::string unit;
  std::vector<double> values;  // one for each round
};

/// All of them, in the order in which they were first told.
class Figures {
 public:
  void add(std::string_view name, std::string_view party, std::string_view what, std::string_view unit, double value);
  const std::vector<Figure>& all() const { return all_; }

 private:
  std::vector<Figure> all_;
};

}  // namespace louver::measure
