#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"
#include "runtime/loop_pool.h"

namespace louver::runtime {

/// A loop with a thread of its own, for what must not wait for sessions, nor they for it.
class LoopThread {
 public:
  /// @param prepare  is called before the loop runs, on the calling thread: for what is to listen there
  /// @fault configuration  the system gives no thread; or whatever `prepare` returns
  static Result<std::unique_ptr<LoopThread>> start(const std::function<Result<>(LoopPool& pool)>& prepare = {});
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  /// Lets it do what has been posted, stops it and waits for its thread: not on that thread. What lives on the loop
  /// must be gone by then, if only by the last task.
  ~LoopThread();

  Loop& loop();
  /// Waits until everything that has been posted is done and the links that were told to close have closed (lingering),
  /// at most so long: not on that thread.
  void settle(Duration at_most);

 private:
  struct Impl;
  explicit LoopThread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::runtime
