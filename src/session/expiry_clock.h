#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace louver::session {

/// When to look whether an association's certificates still hold: at their end, and now and then before it, since the
/// wall clock may be set meanwhile. docs/protocol.md §8 "Expiry"
class ExpiryClock {
 public:
  void start(WallTime expires, Now now) {
    expires_ = expires;
    set_next(now);
  }
  /// @fault certificate_expired
  Result<> check(Now now) {
    if (now.mono < next_) return {};
    if (now.wall >= expires_) return Error{Fault::certificate_expired, "a certificate of the association has expired"};
    set_next(now);
    return {};
  }
  TimePoint deadline() const { return next_; }

 private:
  void set_next(Now now) {
    if (expires_ == WallTime::max()) return;
    next_ = now.mono + limits::expiry_check;
    if (expires_ - now.wall < limits::expiry_check) {
      next_ = now.mono + std::max<Duration>(std::chrono::duration_cast<Duration>(expires_ - now.wall), least);
    }
  }

  static constexpr std::chrono::milliseconds least{10};  // the two clocks need not agree to the nanosecond
  WallTime expires_ = WallTime::max();
  TimePoint next_ = TimePoint::max();
};

}  // namespace louver::session
