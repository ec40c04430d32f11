#pragma once

#include <mutex>
#include <optional>

#include "role/station.h"
#include "runtime/connector.h"
#include "runtime/timer.h"

namespace louver::role {

/// A connection to the first party that is made while an association is, for the first session of whoever waits for
/// that: the session begins a round trip of the first hop earlier. At most one, and for seconds only, so that it never
/// counts for much at the other end. Lives on one loop; take() is for any thread. docs/protocol.md §7
class EarlyConnection {
 public:
  EarlyConnection(runtime::Loop& loop, Station& station) : loop_(loop), station_(station) {}
  EarlyConnection(const EarlyConnection&) = delete;
  EarlyConnection& operator=(const EarlyConnection&) = delete;

  /// Begins to connect, unless there is one or one is being made. That it fails is told by nobody: the session that
  /// would have had it connects by itself and says why that fails.
  void begin(const runtime::Endpoint& to);
  /// Lets go of everything, also of what belongs to the loop.
  void drop();
  /// What stands to that endpoint, if anything does and the other end has not closed it.
  std::optional<runtime::Socket> take(const runtime::Endpoint& to);

 private:
  struct Standing {
    runtime::Endpoint to;
    runtime::Socket socket;
  };

  void on_connected(const runtime::Endpoint& to, Result<runtime::Socket> socket);

  runtime::Loop& loop_;
  Station& station_;
  std::unique_ptr<runtime::Connector> connector_;
  std::unique_ptr<runtime::Timer> timer_;
  std::mutex mutex_;
  std::optional<Standing> standing_;
};

}  // namespace louver::role
