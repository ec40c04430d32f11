#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace louver::runtime {

/// An IPv4 or IPv6 address, without a zone.
class IpAddress {
 public:
  /// Reads the one spelling that inet_pton knows: no `127.1`, `0x7f.0.0.1`, `010.0.0.1`, brackets, zone or blank.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::array<std::uint8_t, 4> octets);
  static IpAddress v6(std::array<std::uint8_t, 16> octets);

  bool is_v4() const { return v4_; }
  /// 4 or 16 octets are meaningful.
  const std::array<std::uint8_t, 16>& octets() const { return octets_; }
  /// The IPv4 address in an IPv4-mapped one (::ffff:0:0/96), else the same: what a listener on [::] should count and
  /// log.
  IpAddress unmapped() const;
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;  // NOLINT(modernize-use-nullptr): the check misreads "<=>"

 private:
  std::array<std::uint8_t, 16> octets_{};
  bool v4_ = false;
};

/// An address and a port.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  /// "192.0.2.1:443", "[2001:db8::1]:443".
  std::string to_string() const;
  auto operator<=>(const SocketAddress&) const = default;  // NOLINT(modernize-use-nullptr): likewise
};

/// What an address is for, after the special-purpose registries of IANA. Only `global` ones are somebody else's on the
/// internet.
enum class AddressKind : std::uint8_t {
  global,
  unspecified,
  loopback,
  link_local,
  private_use,  // RFC 1918, shared (RFC 6598), unique local (RFC 4193), site-local
  multicast,    // and broadcast
  embedded,     // an IPv6 form with an IPv4 address inside: mapped, compatible, translated, 6to4, Teredo
  reserved,     // documentation, benchmarks, protocol assignments, future use
};
AddressKind kind_of(const IpAddress& address);
std::string_view name_of(AddressKind kind);

/// True if this host has that address on one of its interfaces now.
bool is_own_address(const IpAddress& address);

/// What counts as one source: an IPv4 address (also mapped), or the /64 of an IPv6 address, which one customer has to
/// himself.
IpAddress source_of(const IpAddress& address);

}  // namespace louver::runtime

template <>
struct std::hash<louver::runtime::IpAddress> {
  std::size_t operator()(const louver::runtime::IpAddress& address) const {
    const auto& octets = address.octets();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
};
