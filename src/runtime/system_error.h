#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "base/fault.h"

namespace louver::runtime {

/// What the system says about an errno, in words.
inline std::string words_of(int system_error) { return std::generic_category().message(system_error); }

/// "what: words of the system".
inline Error system_fault(Fault fault, std::string_view what, int system_error) {
  return {fault, std::string{what} + ": " + words_of(system_error)};
}

}  // namespace louver::runtime
