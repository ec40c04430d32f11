#pragma once

#include <cstdio>
#include <cstdlib>

#include "base/result.h"

namespace louver::fuzz {

/// Ends the run, so that libFuzzer keeps the input.
/// @param what  the rule that should have held
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// For what must succeed whatever the input is.
inline void require(const Result<>& result, const char* what) {
  if (!result) std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  require(result.has_value(), what);
}

}  // namespace louver::fuzz
