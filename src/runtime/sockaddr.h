#pragma once

#include <sys/socket.h>

#include <optional>

#include "runtime/address.h"

namespace louver::runtime {

/// An address as the system's calls take it.
struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

NativeAddress native(const SocketAddress& address);
/// Nothing for families other than IPv4 and IPv6. The object behind the reference must be as large as its family says.
std::optional<SocketAddress> address_from(const sockaddr& native);

/// Addresses of this socket's ends; unspecified if the system does not tell (it is no longer connected).
SocketAddress local_address_of(int socket);
SocketAddress remote_address_of(int socket);

}  // namespace louver::runtime
