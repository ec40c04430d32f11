#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

/// The header of the PROXY protocol, versions 1 and 2 (haproxy's doc/proxy-protocol.txt), with which a proxy tells
/// whose connection it passes on. Read from strangers, so one spelling of each thing is taken and everything is
/// bounded.
namespace louver::wire {

struct ProxyAddress {
  std::array<std::uint8_t, 16> octets{};  // 4 of them for IPv4
  bool is_v4 = false;
  std::uint16_t port = 0;
  bool operator==(const ProxyAddress&) const = default;
};

struct ProxyHeader {
  enum class Kind : std::uint8_t {
    addresses,  // both ends of the connection that is passed on
    unknown,    // it is passed on for somebody who has no address, or whose address nobody tells
    local,      // the proxy's own connection: a check of health, for instance (version 2 only)
  };
  Kind kind = Kind::unknown;
  ProxyAddress source{}, destination{};  // both of one family; only with addresses
  std::size_t octets = 0;                // of the header itself
};

/// Nothing but the header may be longer, its line end included.
inline constexpr std::size_t proxy_v1_most = 107;
/// Addresses and TLVs together; the protocol would allow 65535.
inline constexpr std::size_t proxy_v2_body_most = 4096;

/// Reads the header at the front of what has come on a connection.
///
/// @return nothing if it is not whole yet; what has come so far could become one
/// @fault bad_value      this is no header, or one with a fault (a wrong CRC32C too); length_out_of_bounds: too long
Result<std::optional<ProxyHeader>> read_proxy_header(Bytes front);

/// A thing said beside the addresses. docs/operations.md names the types that Louver uses.
struct ProxyTlv {
  std::uint8_t type = 0;
  std::string_view value{};
};

/// A line of text; `unknown` as such, `local` as unknown.
Buffer write_proxy_v1(const ProxyHeader& header);
/// @param tlvs  their values have 65535 octets at most with the addresses; behind `unknown` nobody could find them
Buffer write_proxy_v2(const ProxyHeader& header, std::span<const ProxyTlv> tlvs);

}  // namespace louver::wire
