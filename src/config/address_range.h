#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace louver::config {

/// Addresses that begin with the same bits.
struct AddressRange {
  std::array<std::uint8_t, 16> octets{};  // 4 of them for IPv4
  bool is_v4 = false;
  std::uint8_t bits = 0;  // 1..32 or 1..128
  bool operator==(const AddressRange&) const = default;
  /// @param octets_asked  likewise
  bool contains(const std::array<std::uint8_t, 16>& octets_asked, bool v4) const;
};

/// "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". Refused: other spellings of addresses, bits behind the range, IPv4 in
/// IPv6, and the range of everybody (/0).
std::optional<AddressRange> parse_address_range(std::string_view text);

}  // namespace louver::config
