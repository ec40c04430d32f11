#pragma once

#include <chrono>

namespace louver {

/// Monotonic: deadlines and timers. Engines are told the time, they never ask.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
/// Wall clock: certificates' validity and log lines only.
using WallTime = std::chrono::system_clock::time_point;

/// Both clocks at one moment, as an engine is told them.
struct Now {
  TimePoint mono;
  WallTime wall;
};

}  // namespace louver
