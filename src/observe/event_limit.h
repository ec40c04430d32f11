#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace louver::observe {

/// How many lines of one event may be written: `burst` at once, in the long run `per_second`.
struct LogRate {
  double burst = 1000;
  double per_second = 200;
};

/// A token bucket for one event, and the count of lines that found it empty.
class EventLimit {
 public:
  bool admit(const LogRate& rate, TimePoint now) {
    const std::chrono::duration<double> passed = last_ ? now - *last_ : Duration{};
    tokens_ = last_ ? std::min(rate.burst, tokens_ + passed.count() * rate.per_second) : rate.burst;
    last_ = now;
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return true;
    }
    if (suppressed_++ == 0) first_suppressed_ = now;
    return false;
  }

  /// Lines suppressed and not yet told of, and since when.
  std::uint64_t suppressed() const { return suppressed_; }
  TimePoint first_suppressed() const { return first_suppressed_; }
  void told() { suppressed_ = 0; }

 private:
  double tokens_ = 0;
  std::optional<TimePoint> last_;
  TimePoint first_suppressed_{};
  std::uint64_t suppressed_ = 0;
};

}  // namespace louver::observe
