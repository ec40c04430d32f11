#pragma once

#include <concepts>
#include <memory>
#include <utility>

namespace louver::runtime {

/// Something to call once, later. Unlike std::function it may own what only moves (a socket on its way to another
/// thread).
class Task {
 public:
  template <class F>
  requires(!std::same_as<F, Task> && std::invocable<F&>) Task(F f) : body_(std::make_unique<Holder<F>>(std::move(f))) {}

  void operator()() { body_->call(); }

 private:
  struct Body {
    Body() = default;
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    virtual ~Body() = default;
    virtual void call() = 0;
  };
  template <class F>
  struct Holder final : Body {
    explicit Holder(F&& to_call) : f(std::move(to_call)) {}
    void call() override { f(); }
    F f;
  };
  std::unique_ptr<Body> body_;
};

}  // namespace louver::runtime
