#include "runtime/sockaddr.h"

#include <netinet/in.h>

#include <cstring>

namespace louver::runtime {

NativeAddress native(const SocketAddress& address) {
  NativeAddress out;
  const auto& octets = address.ip.octets();
  if (address.ip.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, octets.data(), sizeof in.sin_addr);
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, octets.data(), sizeof in.sin6_addr);
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  }
  return out;
}

std::optional<SocketAddress> address_from(const sockaddr& native) {
  if (native.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &native, sizeof in);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &in.sin_addr, octets.size());
    return SocketAddress{IpAddress::v4(octets), ntohs(in.sin_port)};
  }
  if (native.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &native, sizeof in);
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &in.sin6_addr, octets.size());
    return SocketAddress{IpAddress::v6(octets).unmapped(), ntohs(in.sin6_port)};
  }
  return std::nullopt;
}

namespace {

SocketAddress ask(int socket, int (*call)(int, sockaddr*, socklen_t*)) {
  NativeAddress out;
  if (call(socket, out.get(), &out.size) != 0) return {};
  return address_from(*out.get()).value_or(SocketAddress{});
}

}  // namespace

SocketAddress local_address_of(int socket) {
  return ask(socket, [](int fd, sockaddr* to, socklen_t* size) { return getsockname(fd, to, size); });
}

SocketAddress remote_address_of(int socket) {
  return ask(socket, [](int fd, sockaddr* to, socklen_t* size) { return getpeername(fd, to, size); });
}

}  // namespace louver::runtime
