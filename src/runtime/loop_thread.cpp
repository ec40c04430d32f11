#include "runtime/loop_thread.h"

#include <atomic>
#include <future>
#include <system_error>
#include <thread>

#include "runtime/clock.h"
#include "runtime/signals_blocked.h"

namespace louver::runtime {

namespace {
constexpr std::chrono::milliseconds settle_poll{5};
}  // namespace

struct LoopThread::Impl {
  LoopPool pool{1};
  std::thread thread;
};

Result<std::unique_ptr<LoopThread>> LoopThread::start(const std::function<Result<>(LoopPool& pool)>& prepare) {
  try {
    auto impl = std::make_unique<Impl>();
    std::promise<bool> go;
    {
      const SignalsBlocked blocked;
      impl->thread = std::thread{[loop = &impl->pool.at(0), may = go.get_future()]() mutable {
        if (may.get()) loop->run();
      }};
    }
    const Result<> prepared = prepare ? prepare(impl->pool) : Result<>{};
    go.set_value(static_cast<bool>(prepared));
    if (!prepared) {
      impl->thread.join();
      return prepared.error();
    }
    return std::unique_ptr<LoopThread>{new LoopThread{std::move(impl)}};
  } catch (const std::system_error& error) {
    return Error{Fault::configuration, "cannot start a thread: " + std::string{error.what()} +
                                           "; raise the limit of processes (ulimit -u) or of descriptors (ulimit -n)"};
  }
}

LoopThread::LoopThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LoopThread::~LoopThread() {
  loop().post([loop = &loop()] { loop->stop(); });
  impl_->thread.join();
}

Loop& LoopThread::loop() { return impl_->pool.at(0); }

void LoopThread::settle(Duration at_most) {
  const TimePoint until = now() + at_most;
  const auto reached = std::make_shared<std::atomic<bool>>(false);
  loop().post([reached] { *reached = true; });
  while ((!*reached || impl_->pool.lingering() != 0) && now() < until) std::this_thread::sleep_for(settle_poll);
}

}  // namespace louver::runtime
