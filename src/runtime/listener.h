#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/connection_limits.h"
#include "runtime/loop_pool.h"
#include "runtime/socket.h"

namespace louver::runtime {

struct ListenerOptions {
  std::shared_ptr<ConnectionLimits> limits{};  // null: none
  int backlog = 1024;                          // connections that wait to be accepted; the system may allow fewer
};

/// Accepts connections on one address and spreads them over the loops of a pool. Lives on loop 0's thread.
///
/// It goes on whatever happens: without descriptors or memory it tries again ten times a second, and connections above
/// the limits are closed at once (SECURITY DS-08).
class Listener {
 public:
  /// Takes an accepted socket, on the thread of the loop where it should live. Its limits and load count until it is
  /// closed.
  using OnSocket = std::function<void(Loop& loop, Socket socket)>;
  /// Is told in words why connections are refused, on loop 0, at most every ten seconds.
  using OnTrouble = std::function<void(const std::string& what)>;

  /// @param where  "192.0.2.1:4433", "[::]:4433" (which takes IPv4 as well), port 0 for any free one
  /// @fault configuration  names the address and what to do: it is malformed, in use, not ours, or not allowed
  static Result<std::unique_ptr<Listener>> open(LoopPool& pool, std::string_view where, ListenerOptions options,
                                                OnSocket on_socket, OnTrouble on_trouble);
  /// The same on a Unix socket: its file gets that mode, takes the place of one that a process left behind, and is
  /// removed at the end. Who connected is for the caller to ask (ConnectionUsers).
  /// @fault configuration  names the path and the remedy
  static Result<std::unique_ptr<Listener>> open_local(LoopPool& pool, const std::string& path, mode_t mode,
                                                      ListenerOptions options, OnSocket on_socket,
                                                      OnTrouble on_trouble);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// Stops listening; what waits to be accepted is reset by the system. A socket that was accepted before is no longer
  /// handed over, unless another thread is just doing that: what `on_socket` refers to must live until the loops have
  /// stopped.
  ~Listener();

  /// Where it listens, with the real port; unspecified for a Unix socket.
  const SocketAddress& address() const;
  std::uint16_t port() const { return address().port; }

 private:
  class Acceptor;
  explicit Listener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace louver::runtime
