#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "base/fault.h"

namespace louver::runtime {

/// What the system says about an errno, in words.
inline std::string words_of(int system_error) {
  std::array<char, 256> room{};
  return strerror_r(system_error, room.data(), room.size());
}

/// "what: words of the system".
inline Error system_fault(Fault fault, std::string_view what, int system_error) {
  return {fault, std::string{what} + ": " + words_of(system_error)};
}

}  // namespace louver::runtime
