#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace louver::filter {

/// The contexts that the operator listed for a filter: names as in the Hello, each once. The list may be empty.
/// @fault configuration
Result<> check_context_list(std::string_view filter, std::span<const std::string> contexts);

}  // namespace louver::filter
