#pragma once

#include <atomic>
#include <memory>

#include "filter/ask/engine.h"
#include "runtime/loop_thread.h"

namespace louver::filter {

/// An engine whose work is done by a desk on a thread of its own: questions go there by `post`.
///
/// @tparam Desk     made from a loop and the options; lives on the thread
/// @tparam Options  outlive it
template <class Desk, class Options>
class DeskEngine final : public ask::Engine {
 public:
  DeskEngine(Options options, std::unique_ptr<runtime::LoopThread> thread)
      : options_(std::move(options)),
        thread_(std::move(thread)),
        desk_(std::make_unique<Desk>(thread_->loop(), options_)) {}
  DeskEngine(const DeskEngine&) = delete;
  DeskEngine& operator=(const DeskEngine&) = delete;
  ~DeskEngine() override {
    thread_->loop().post([desk = std::move(desk_)]() mutable { desk.reset(); });
  }

  void warm_up() override {
    if constexpr (requires(Desk & desk) { desk.warm_up(); })
      thread_->loop().post([desk = desk_.get()] { desk->warm_up(); });
  }
  std::uint64_t ask(ask::Question question, Done done) override {
    const std::uint64_t number = ++last_;
    thread_->loop().post(
        [desk = desk_.get(), number, question = std::move(question), done = std::move(done)]() mutable {
          desk->ask(number, std::move(question), std::move(done));
        });
    return number;
  }
  void forget(std::uint64_t number) override {
    thread_->loop().post([desk = desk_.get(), number] { desk->forget(number); });
  }
  void leave(std::shared_ptr<const ask::Facts> session) override {
    if constexpr (requires(Desk & desk) { desk.leave(session.get()); })
      thread_->loop().post([desk = desk_.get(), session = std::move(session)] { desk->leave(session.get()); });
  }

 private:
  Options options_;
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<Desk> desk_;  // used and destroyed on the thread
  std::atomic<std::uint64_t> last_ = 0;
};

}  // namespace louver::filter
