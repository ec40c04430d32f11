#include "runtime/watch.h"

#include "runtime/asio.h"
#include "runtime/loop.h"

namespace louver::runtime {

namespace {
using AsioDescriptor = boost::asio::posix::stream_descriptor;
}

struct Watch::State {
  State(boost::asio::io_context& io, Callbacks to_call) : descriptor(io), callbacks(std::move(to_call)) {}

  AsioDescriptor descriptor;
  Callbacks callbacks;
  bool waits_readable = false;
  bool waits_writable = false;
  bool closed = false;
};

Result<Watch> Watch::open(Loop& loop, Descriptor descriptor, Callbacks callbacks) {
  auto state = std::make_shared<State>(loop.context(), std::move(callbacks));
  boost::system::error_code error;
  state->descriptor.assign(descriptor.fd(), error);
  if (!error) {
    static_cast<void>(descriptor.release());
    state->descriptor.non_blocking(true, error);
  }
  if (error) return Error{Fault::internal_error, "cannot watch a descriptor: " + error.message()};
  return Watch{std::move(state)};
}

Watch& Watch::operator=(Watch&& from) noexcept {
  if (this != &from) {
    close();
    state_ = std::move(from.state_);
  }
  return *this;
}

Watch::~Watch() { close(); }

int Watch::fd() const { return state_ ? state_->descriptor.native_handle() : -1; }

void Watch::wait_readable() {
  if (!state_ || state_->waits_readable) return;
  state_->waits_readable = true;
  state_->descriptor.async_wait(AsioDescriptor::wait_read, [state = state_](const boost::system::error_code&) {
    state->waits_readable = false;
    if (!state->closed) state->callbacks.on_readable();
  });
}

void Watch::wait_writable() {
  if (!state_ || state_->waits_writable) return;
  state_->waits_writable = true;
  state_->descriptor.async_wait(AsioDescriptor::wait_write, [state = state_](const boost::system::error_code&) {
    state->waits_writable = false;
    if (!state->closed) state->callbacks.on_writable();
  });
}

Descriptor Watch::release() {
  if (!state_) return {};
  const std::shared_ptr<State> state = std::move(state_);
  state->closed = true;
  return Descriptor{state->descriptor.release()};
}

void Watch::close() {
  if (!state_) return;
  const std::shared_ptr<State> state = std::move(state_);
  state->closed = true;
  boost::system::error_code ignored;
  state->descriptor.close(ignored);
}

}  // namespace louver::runtime
