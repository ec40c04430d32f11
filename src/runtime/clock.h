#pragma once

#include "base/time.h"

namespace louver::runtime {

/// The time that engines are told and timers are set by.
inline TimePoint now() { return std::chrono::steady_clock::now(); }

/// For certificates' validity and log lines only: it may jump.
inline WallTime wall_now() { return std::chrono::system_clock::now(); }

}  // namespace louver::runtime
