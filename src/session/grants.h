#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace louver::session {

/// What a middlebox may do in one context and direction, in this order. docs/protocol.md §1
enum class Grant : std::uint8_t { none = 0, read = 1, inspect = 2, redact = 3, write = 4 };

inline constexpr std::array<std::string_view, 5> grant_names = {"none", "read", "inspect", "redact", "write"};

constexpr std::string_view name_of(Grant grant) { return grant_names[static_cast<std::size_t>(grant)]; }

constexpr std::optional<Grant> parse_grant(std::string_view name) {
  for (std::size_t i = 0; i < grant_names.size(); ++i) {
    if (grant_names[i] == name) return static_cast<Grant>(i);
  }
  return std::nullopt;
}

/// Reads without taking the stream over: read, inspect, redact.
constexpr bool is_reader(Grant grant) {
  return grant == Grant::read || grant == Grant::inspect || grant == Grant::redact;
}
/// Fills a witness slot: inspect, redact.
constexpr bool is_witness(Grant grant) { return grant == Grant::inspect || grant == Grant::redact; }

}  // namespace louver::session
