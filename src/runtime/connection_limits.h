#pragma once

#include "runtime/address.h"
#include "runtime/shares.h"

namespace louver::runtime {

/// How many connections there may be at a time, in all and from each source (an IPv4 address, an IPv6 /64);
/// docs/protocol.md §11. From any thread; listeners may share one.
class ConnectionLimits {
 public:
  ConnectionLimits(std::size_t most_in_all, std::size_t most_per_source) : shares_(most_in_all, most_per_source) {}

  /// Counts a connection until the returned token is dropped, on whatever thread, also when the limits are gone.
  /// @fault limit_exceeded  says which limit
  Result<std::shared_ptr<void>> admit(const IpAddress& from) {
    const IpAddress source = source_of(from);
    return shares_.take(source, [&source] { return "from " + source.to_string(); });
  }
  std::size_t in_all() const { return shares_.in_all(); }

 private:
  Shares<IpAddress> shares_;
};

}  // namespace louver::runtime
