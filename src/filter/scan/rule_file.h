#pragma once

#include <string_view>
#include <vector>

#include "filter/scan/patterns.h"

namespace louver::filter::scan {

/// Reads a file of rules: in each line a name (1 to 64 letters, digits, '-', '_' or '.'), blanks, and a pattern up to
/// the end of the line, without blanks at its end. Lines that are empty or begin with # say nothing.
///
/// @param name  of the file, for the places of rules and faults: "rules.txt:17"
/// @fault configuration  a line of another form, a control character, a name that stands there twice, more than
/// rules_most
Result<std::vector<Rule>> parse_rules(std::string_view text, const std::string& name);

}  // namespace louver::filter::scan
