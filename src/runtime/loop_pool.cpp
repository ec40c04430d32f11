#include "runtime/loop_pool.h"

#include <algorithm>
#include <system_error>
#include <thread>

#include "runtime/signals_blocked.h"

namespace louver::runtime {

struct LoopPool::Threads {
  std::vector<std::thread> running;
};

LoopPool::LoopPool(std::size_t count, std::size_t chunk_bytes) : threads_(std::make_unique<Threads>()) {
  ignore_sigpipe();
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    loops_.push_back(std::make_unique<Loop>(chunk_bytes));
}

LoopPool::~LoopPool() {
  stop();
  join();
}

Result<> LoopPool::run() {
  try {
    const SignalsBlocked blocked;
    for (std::size_t i = 1; i < loops_.size(); ++i) {
      threads_->running.emplace_back([loop = loops_[i].get()] { loop->run(); });
    }
  } catch (const std::system_error& error) {
    stop();
    join();
    return Error{Fault::internal_error, "cannot start a thread for each loop: " + std::string{error.what()} +
                                            "; configure fewer threads or raise the limit of processes (ulimit -u)"};
  }
  loops_.front()->run();
  join();
  return {};
}

void LoopPool::stop() {
  for (auto& loop : loops_) loop->stop();
}

Loop& LoopPool::least_loaded() {
  return **std::ranges::min_element(loops_, {}, [](const std::unique_ptr<Loop>& loop) { return loop->load(); });
}

std::size_t LoopPool::lingering() const {
  std::size_t sum = 0;
  for (const auto& loop : loops_) sum += loop->lingering();
  return sum;
}

void LoopPool::join() {
  for (std::thread& thread : threads_->running) thread.join();
  threads_->running.clear();
}

}  // namespace louver::runtime
