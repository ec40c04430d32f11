#include <set>

#include "filter/scan/rule_file.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter::scan;
using fuzz::require;

/// Files of rules: what is taken has names and patterns in their bounds, each name once, and reads the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto rules = parse_rules(as_text(fuzz::input_of(data, size)), "f");
  if (!rules) {
    require(rules.error().detail.starts_with("f:"), "a fault has its place");
    return 0;
  }
  std::string written;
  std::set<std::string> names;
  for (const Rule& rule : *rules) {
    require(!rule.name.empty() && rule.name.size() <= 64 && names.insert(rule.name).second, "a name, once");
    require(!rule.pattern.empty() && rule.pattern.size() <= pattern_octets_most, "a pattern within its bounds");
    written += rule.name + " " + rule.pattern + "\n";
  }
  const auto again = parse_rules(written, "f");
  require(again && again->size() == rules->size(), "what was read is read again");
  for (std::size_t i = 0; i < rules->size(); ++i)
    require((*again)[i].name == (*rules)[i].name && (*again)[i].pattern == (*rules)[i].pattern, "as it was");
  return 0;
}
