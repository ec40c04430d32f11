#pragma once

#include <sys/types.h>

#include <compare>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/socket.h"

namespace louver::runtime {

/// Who is at the other end of an accepted connection, as the kernel knows it.
struct ConnectionUser {
  enum class Kind : std::uint8_t {
    local,    // a user of this machine: whoever made the socket at the other end
    remote,   // the other end has no address of this machine
    unknown,  // it is on this machine, and the kernel does not say whose it is
  };
  Kind kind = Kind::unknown;
  uid_t id = 0;  // of `local`

  static ConnectionUser local(uid_t id) { return {Kind::local, id}; }
  auto operator<=>(const ConnectionUser&) const = default;
};
/// "1000", "remote" or "unknown".
std::string to_string(const ConnectionUser& user);

/// Who connected a Unix socket: the user that he was at that moment (SO_PEERCRED). Nothing for other sockets.
std::optional<ConnectionUser> user_of_local(const Socket& accepted);

/// Asks the kernel (sock_diag(7)) whose socket is at the other end of a connection. From any thread.
///
/// A socket is its maker's, also after it was handed to another process. A connection whose other end was closed
/// already, or whose addresses were translated on the way, is nobody's: `unknown`.
class ConnectionUsers {
 public:
  /// Tries it out too, so that a kernel that does not tell is found out here.
  /// @fault internal_error  it cannot be asked, or does not know our own connection
  static Result<ConnectionUsers> open();
  ConnectionUsers(ConnectionUsers&&) noexcept;
  ConnectionUsers& operator=(ConnectionUsers&&) = delete;

  /// Costs a few microseconds: the kernel answers within the call.
  /// @param accepted  connected, and accepted by us: its peer is who is asked for
  ConnectionUser of(const Socket& accepted);

 private:
  explicit ConnectionUsers(Descriptor socket) : socket_(std::move(socket)) {}
  struct Found;
  Result<> try_out();
  std::optional<Found> ask(const SocketAddress& source, const SocketAddress& destination);

  std::mutex mutex_;  // one question at a time
  Descriptor socket_;
  std::uint32_t asked_ = 0;
};

}  // namespace louver::runtime
