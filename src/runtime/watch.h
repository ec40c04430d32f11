#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "runtime/descriptor.h"

namespace louver::runtime {

class Loop;

/// A file descriptor that a loop waits for. Owns it; lives on the loop's thread.
///
/// Each `wait_*` brings one callback when (perhaps) something can be done, also if it already could: a caller does what
/// it can until the system says "would block" and waits again. While nobody waits, nothing is called, whatever the peer
/// does. Callbacks never come from within a method, and never after the watch is gone; they may destroy it.
class Watch {
 public:
  struct Callbacks {
    std::function<void()> on_readable;
    std::function<void()> on_writable;
  };

  /// @param descriptor  a socket or pipe; set to non-blocking here
  /// @fault internal_error  the system has no room to watch it
  static Result<Watch> open(Loop& loop, Descriptor descriptor, Callbacks callbacks);
  Watch() = default;  // watches nothing
  Watch(Watch&&) noexcept = default;
  Watch& operator=(Watch&& from) noexcept;
  ~Watch();

  explicit operator bool() const { return state_ != nullptr; }
  int fd() const;
  void wait_readable();
  void wait_writable();
  /// Stops waiting and gives the descriptor back, open.
  Descriptor release();
  void close();

 private:
  struct State;
  explicit Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace louver::runtime
