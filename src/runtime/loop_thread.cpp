#include "runtime/loop_thread.h"

#include <system_error>
#include <thread>

#include "runtime/signals_blocked.h"

namespace louver::runtime {

struct LoopThread::Impl {
  Loop loop;
  std::thread thread;
};

Result<std::unique_ptr<LoopThread>> LoopThread::start() {
  ignore_sigpipe();
  try {
    auto impl = std::make_unique<Impl>();
    const SignalsBlocked blocked;
    impl->thread = std::thread{[loop = &impl->loop] { loop->run(); }};
    return std::unique_ptr<LoopThread>{new LoopThread{std::move(impl)}};
  } catch (const std::system_error& error) {
    return Error{Fault::configuration, "cannot start a thread: " + std::string{error.what()} +
                                           "; raise the limit of processes (ulimit -u) or of descriptors (ulimit -n)"};
  }
}

LoopThread::LoopThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LoopThread::~LoopThread() {
  impl_->loop.post([loop = &impl_->loop] { loop->stop(); });
  impl_->thread.join();
}

Loop& LoopThread::loop() { return impl_->loop; }

}  // namespace louver::runtime
