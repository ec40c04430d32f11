#pragma once

#include <memory>

#include "base/result.h"
#include "runtime/loop.h"

namespace louver::runtime {

/// A loop with a thread of its own, for what must not wait for sessions, nor they for it.
class LoopThread {
 public:
  /// @fault configuration  the system gives no thread
  static Result<std::unique_ptr<LoopThread>> start();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  /// Lets it do what has been posted, stops it and waits for its thread: not on that thread. What lives on the loop
  /// must be gone by then, if only by the last task.
  ~LoopThread();

  Loop& loop();

 private:
  struct Impl;
  explicit LoopThread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::runtime
