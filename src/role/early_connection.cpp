#include "role/early_connection.h"

#include <utility>

#include "runtime/tcp.h"

namespace louver::role {
namespace {

/// Well below the handshake deadline, after which the other end closes what has said nothing.
constexpr std::chrono::seconds lifetime{3};

}  // namespace

void EarlyConnection::begin(const runtime::Endpoint& to) {
  {
    const std::lock_guard lock{mutex_};
    if (standing_) return;
  }
  if (connector_ != nullptr) return;
  connector_ = std::make_unique<runtime::Connector>(
      loop_, station_.resolver, to, runtime::ConnectOptions{.allow_private = true}, runtime::now() + lifetime,
      [this, to](Result<runtime::Socket> socket) { on_connected(runtime::Endpoint{to}, std::move(socket)); });
}

void EarlyConnection::on_connected(const runtime::Endpoint& to, Result<runtime::Socket> socket) {
  connector_.reset();
  if (!socket) return;
  {
    const std::lock_guard lock{mutex_};
    standing_.emplace(Standing{to, *std::move(socket)});
  }
  timer_ = std::make_unique<runtime::Timer>(loop_);
  timer_->expires_at(runtime::now() + lifetime, [this] { drop(); });
}

void EarlyConnection::drop() {
  connector_.reset();
  timer_.reset();
  const std::lock_guard lock{mutex_};
  standing_.reset();
}

std::optional<runtime::Socket> EarlyConnection::take(const runtime::Endpoint& to) {
  const std::lock_guard lock{mutex_};
  if (!standing_ || standing_->to != to) return std::nullopt;
  auto taken = std::exchange(standing_, std::nullopt);
  // Nobody says anything on it before a JOIN: what is not quiet has ended.
  if (!runtime::is_quiet(taken->socket.descriptor.fd())) return std::nullopt;
  return std::move(taken->socket);
}

}  // namespace louver::role
