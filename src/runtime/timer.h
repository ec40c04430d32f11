#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace louver::runtime {

class Loop;

/// Calls back once at a time, on its loop's thread. Lives on that thread.
class Timer {
 public:
  explicit Timer(Loop& loop);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  /// Calls `callback` at `when` (soon, if that has passed; never from within this call). Replaces what was set before.
  /// The callback may set, cancel or destroy the timer.
  void expires_at(TimePoint when, std::function<void()> callback);
  /// Nothing is called any more, even if the time has already passed.
  void cancel();
  bool is_set() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace louver::runtime
