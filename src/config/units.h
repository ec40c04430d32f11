#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace louver::config {

/// "250ms", "10s", "5m", "1h": a whole number and one unit, nothing between; at most ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads.
std::string to_text(std::chrono::milliseconds duration);

/// "65536", "256KiB", "1MiB": octets; at most 2^40.
std::optional<std::uint64_t> parse_octets(std::string_view text);
/// The shortest form that parse_octets reads.
std::string octets_to_text(std::uint64_t octets);

}  // namespace louver::config
