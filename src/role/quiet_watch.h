#pragma once

#include <functional>

#include "runtime/clock.h"
#include "runtime/timer.h"

namespace louver::role {

/// Tells when nothing has moved for half a second, once for each such pause: then a session gives back what only speeds
/// it up. A record costs it a comparison; its timer is set anew only when it fires.
class QuietWatch {
 public:
  QuietWatch(runtime::Loop& loop, std::function<void()> on_quiet) : timer_(loop), on_quiet_(std::move(on_quiet)) {}

  /// Something moves.
  void moved(TimePoint now) {
    last_ = now;
    if (!timer_.is_set()) arm();
  }

 private:
  static constexpr std::chrono::milliseconds pause{500};

  void arm() {
    timer_.expires_at(last_ + pause, [this] {
      if (runtime::now() < last_ + pause) return arm();
      on_quiet_();
    });
  }

  runtime::Timer timer_;
  std::function<void()> on_quiet_;
  TimePoint last_{};
};

}  // namespace louver::role
