#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "runtime/endpoint.h"
#include "runtime/socket.h"

namespace louver::runtime {

class Loop;
class Resolver;

struct ConnectOptions {
  /// Also loopback, link-local, private, reserved and this host's own addresses. Unspecified and multicast ones never.
  bool allow_private = false;
  /// Failures are told only at the deadline, so that from outside a closed port takes as long as a filtered one
  /// (SECURITY AL-04).
  bool hold_failures = false;
};

/// One try to connect to an endpoint: resolves its name, goes through its addresses in turn and gives the first
/// connection. Or connects to a Unix socket, waiting for room in its queue.
///
/// It connects only to the very address that it has checked, whatever the name resolves to later (SECURITY DS-03).
/// Lives on the loop's thread; destroying it cancels.
class Connector {
 public:
  using Callback = std::function<void(Result<Socket>)>;

  /// Calls `callback` once, later, not after the connector is gone; it may destroy the connector.
  ///
  /// @param deadline  for everything together; each address gets its share of what is left
  /// @fault next_hop_refused  whatever the reason; the detail names endpoint, addresses and reasons, for the log only
  Connector(Loop& loop, Resolver& resolver, Endpoint endpoint, ConnectOptions options, TimePoint deadline,
            Callback callback);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector();

 private:
  class Attempt;
  std::shared_ptr<Attempt> attempt_;
};

/// May a connector go there? Nothing if so, else why not, in words.
Result<> check_destination(const IpAddress& address, bool allow_private);

}  // namespace louver::runtime
