#pragma once

#include <functional>
#include <memory>

#include "filter/session_info.h"
#include "runtime/loop.h"

namespace louver::role {

/// The way of filters' engines back to a session: by its loop, where the session may have ended meanwhile.
class SessionRecall final : public filter::Recall {
 public:
  explicit SessionRecall(runtime::LoopHandle loop) : loop_(std::move(loop)) {}

  void recall(Direction direction, std::function<void()> deliver) override {
    loop_.post([session = session_, direction, deliver = std::move(deliver)] {
      const std::function<void(Direction)> resume = session->resume;  // it may detach
      if (!resume) return;
      deliver();
      resume(direction);
    });
  }

  /// On the loop's thread, as detach().
  void attach(std::function<void(Direction)> resume) { session_->resume = std::move(resume); }
  /// Nothing is called any more.
  void detach() { session_->resume = nullptr; }

 private:
  struct Session {
    std::function<void(Direction)> resume;
  };
  runtime::LoopHandle loop_;
  std::shared_ptr<Session> session_ = std::make_shared<Session>();
};

}  // namespace louver::role
