#include "runtime/timer.h"

#include <utility>

#include "runtime/asio.h"
#include "runtime/loop.h"

namespace louver::runtime {

struct Timer::State {
  explicit State(boost::asio::io_context& io) : timer(io) {}

  void cancel() {
    ++setting;  // an expiry that Asio has already queued no longer fits
    callback = nullptr;
    timer.cancel();
  }

  boost::asio::steady_timer timer;
  std::uint64_t setting = 0;
  std::function<void()> callback;
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}

Timer::~Timer() { state_->cancel(); }

void Timer::expires_at(TimePoint when, std::function<void()> callback) {
  ++state_->setting;
  state_->callback = std::move(callback);
  state_->timer.expires_at(when);
  state_->timer.async_wait([state = state_, setting = state_->setting](const boost::system::error_code& error) {
    if (error || setting != state->setting) return;
    std::exchange(state->callback, nullptr)();
  });
}

void Timer::cancel() { state_->cancel(); }

bool Timer::is_set() const { return state_->callback != nullptr; }

}  // namespace louver::runtime
