#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace louver::session {

/// The Alives of one end-to-end channel: when to send the next, whether those that come are in order, when they have
/// stayed out too long. docs/protocol.md §8
class AliveClock {
 public:
  void start(TimePoint now) {
    started_ = last_heard_ = now;
    next_ = now + limits::alive_interval;
  }
  /// The number to send now, or 0.
  std::uint32_t due(TimePoint now) {
    if (now < next_) return 0;
    next_ = std::max(next_ + limits::alive_interval, now);
    return ++sent_;
  }
  /// @fault unexpected_message: a number that is not the next, or one that comes long before its time
  Result<> heard(std::uint32_t number, TimePoint now) {
    const auto turns = (now - started_) / limits::alive_interval;
    if (number != heard_ + 1 || number > turns + slack)
      return Error{Fault::unexpected_message, "Alive " + std::to_string(number) + " out of turn"};
    heard_ = number;
    last_heard_ = now;
    return {};
  }
  bool lost(TimePoint now) const { return now >= last_heard_ + limits::alive_deadline; }
  TimePoint deadline() const { return std::min(next_, last_heard_ + limits::alive_deadline); }
  std::uint32_t sent() const { return sent_; }

 private:
  static constexpr std::int64_t slack = 3;  // the other end's clock started earlier, and the path may bunch them
  TimePoint started_{}, last_heard_{}, next_{};
  std::uint32_t sent_ = 0, heard_ = 0;
};

}  // namespace louver::session
