#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace louver::config {

/// An IP address and a TCP port, or a Unix socket of this machine. The address is in the form that inet_ntop gives,
/// without brackets.
struct Endpoint {
  std::string address = {};
  std::uint16_t port = 0;
  std::string path = {};  // of a Unix socket; address and port are empty then
  bool is_local() const { return !path.empty(); }
  bool operator==(const Endpoint&) const = default;
};

/// What a Unix socket's path stands behind in a file.
inline constexpr std::string_view local_prefix = "unix:";
/// Octets of such a path: what the system takes.
inline constexpr std::size_t local_path_most = 107;

/// "127.0.0.1:4433" or "[::1]:4433", port 0 included. Names, short forms of addresses (127.1), zones and IPv4 in IPv6
/// are refused.
std::optional<Endpoint> parse_endpoint(std::string_view text);
/// What parse_endpoint reads, or "unix:" and the path.
std::string to_text(const Endpoint& endpoint);

/// 127.0.0.0/8, ::1 or a Unix socket: only this machine reaches it.
bool is_loopback(const Endpoint& endpoint);

/// False for addresses that a name given by a stranger must not lead to: loopback, private, link-local, unspecified,
/// multicast, carrier-grade NAT, documentation, benchmarking, reserved, and IPv6 forms that carry an IPv4 address;
/// false too for what is no address. docs/protocol.md §11
bool is_public(std::string_view address);

/// A host of HTTP, by name or address, for one port or for all.
struct Authority {
  std::string host;  // lower case; IPv6 without brackets
  std::optional<std::uint16_t> port;
  bool operator==(const Authority&) const = default;
  /// `host_asked` in any case, IPv6 without brackets.
  bool matches(std::string_view host_asked, std::uint16_t port_asked) const;
};

/// "example.com", "example.com:8080", "127.0.0.1", "[::1]:8080"; lower case, no wildcard.
std::optional<Authority> parse_authority(std::string_view text);
std::string to_text(const Authority& authority);

}  // namespace louver::config
