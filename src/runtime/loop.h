#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "runtime/chunk.h"
#include "runtime/task.h"

namespace boost::asio {
class io_context;
}

namespace louver::runtime {

class Loop;

/// Reaches a loop from another thread, also when it may be gone already.
class LoopHandle {
 public:
  /// As Loop::post; false, and the task is dropped, when the loop no longer exists.
  bool post(Task task) const;

 private:
  friend class Loop;
  struct Gate;
  explicit LoopHandle(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  std::shared_ptr<Gate> gate_;
};

/// One thread's waiting: everything that lives on a loop (links, timers, sessions) is made, used and destroyed on its
/// thread, and before the loop is destroyed. So there are no locks above.
///
/// Until `run` is first called, the thread that made the loop counts as its thread.
class Loop {
 public:
  /// Throws std::system_error when the system has no descriptors left, which ends a program that has only begun.
  explicit Loop(std::size_t chunk_bytes = default_chunk_bytes);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Works on the calling thread, which becomes this loop's, until `stop`.
  void run();
  /// Works until `done()` holds (looked at after each task) or the deadline; true if it holds. For programs of one
  /// thread.
  bool run_until(const std::function<bool()>& done, TimePoint deadline);
  /// Makes `run` return soon; from any thread, not from a signal handler.
  void stop();

  /// Calls `task` on this loop's thread, never from within `post`; from any thread. Tasks that a stopped loop did not
  /// come to are destroyed with it.
  void post(Task task);
  LoopHandle handle() const { return LoopHandle{gate_}; }
  bool on_own_thread() const;

  /// Calls `callback(signal)` on this loop's thread for each of `signals`, as often as they come. In the signal handler
  /// itself only a byte is written to a pipe. Once for each loop; replaces an earlier call.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> callback);

  ChunkPool& chunks();

  /// How many sessions count on this loop; from any thread.
  std::size_t load() const;
  /// Counts one session here until the token is dropped, on whatever thread.
  std::shared_ptr<void> add_load();

  /// Keeps something alive that finishes by itself (a closing link) until `forget` or the end of the loop.
  void keep(std::shared_ptr<void> lingering);
  void forget(const void* lingering);
  /// How many are kept; from any thread. A program that ends waits for 0, each is bounded in time.
  std::size_t lingering() const;

  /// For watches and timers of this layer.
  boost::asio::io_context& context();

 private:
  friend class LoopHandle;
  struct Impl;
  std::shared_ptr<LoopHandle::Gate> gate_;
  std::unique_ptr<Impl> impl_;
};

/// Makes writes to closed sockets and pipes fail with EPIPE instead of ending the process. LoopPool calls it.
void ignore_sigpipe();

}  // namespace louver::runtime
