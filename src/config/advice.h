#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace louver::config {

/// What is allowed in a file but is probably not meant: routes that nothing leads to, grants and filters that never
/// act, doors that are wide open. One line each, "file:line:column: text".
std::vector<std::string> advice(const Agent& agent);
std::vector<std::string> advice(const Middlebox& middlebox);
std::vector<std::string> advice(const Gateway& gateway);

}  // namespace louver::config
