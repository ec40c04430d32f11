#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"

namespace louver::runtime {

/// The loops of a process, one thread each. A session lives on one of them from its first byte to its last.
class LoopPool {
 public:
  /// @param count  at least 1; throws as Loop
  explicit LoopPool(std::size_t count, std::size_t chunk_bytes = default_chunk_bytes);
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;
  /// Stops and joins what runs. What lives on the loops must be gone by then.
  ~LoopPool();

  /// Runs loop 0 on the calling thread and the others on threads of their own until `stop`; all have ended when it
  /// returns.
  /// @fault internal_error, nothing runs: the system gives no thread
  Result<> run();
  /// From any thread, not from a signal handler.
  void stop();

  std::size_t size() const { return loops_.size(); }
  Loop& at(std::size_t index) { return *loops_[index]; }
  /// Where the next session should live; from any thread. Count it at once with `add_load`.
  Loop& least_loaded();
  /// Links that are still being closed, on all loops.
  std::size_t lingering() const;

 private:
  void join();

  std::vector<std::unique_ptr<Loop>> loops_;
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace louver::runtime
