#pragma once

#include <memory>
#include <utility>

#include "runtime/address.h"
#include "runtime/descriptor.h"

namespace louver::runtime {

/// A connected socket that no loop watches yet: what listeners and connectors make and links take. May change threads.
/// TCP, or a Unix socket, whose addresses stay unspecified.
struct Socket {
  Descriptor descriptor;
  SocketAddress local{};
  SocketAddress remote{};
  /// Counts of this connection (limits, load); given back when it is closed.
  std::shared_ptr<void> held{};

  /// Keeps this too until then.
  void hold(std::shared_ptr<void> more) {
    using Both = std::pair<std::shared_ptr<void>, std::shared_ptr<void>>;
    held = std::make_shared<Both>(std::move(held), std::move(more));
  }
};

}  // namespace louver::runtime
