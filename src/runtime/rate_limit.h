#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/time.h"

namespace louver::runtime {

/// Lets one thing through in each interval and counts the others: for log lines that a peer could cause without end.
class RateLimit {
 public:
  explicit RateLimit(Duration interval) : interval_(interval) {}

  /// If this one may go through: how many were held back since the last that did.
  std::optional<std::uint64_t> admit(TimePoint now) {
    if (last_ && now - *last_ < interval_) {
      ++held_back_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
  }

 private:
  Duration interval_;
  std::optional<TimePoint> last_;
  std::uint64_t held_back_ = 0;
};

}  // namespace louver::runtime
