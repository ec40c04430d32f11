#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace louver::crypto {

/// docs/protocol.md §3; the numbers are those of RFC 8446 section B.4.
enum class SuiteId : std::uint16_t {
  aes_128_gcm_sha256 = 0x1301,
  aes_256_gcm_sha384 = 0x1302,
  chacha20_poly1305_sha256 = 0x1303,
};

inline constexpr std::size_t tag_octets = 16;
inline constexpr std::size_t iv_octets = 12;
inline constexpr std::size_t hash_octets_most = 48;
inline constexpr std::size_t key_octets_most = 32;

struct Suite {
  SuiteId id;
  std::size_t hash_octets;  // L
  std::size_t key_octets;
  std::string_view name;
};

/// Every suite of version 1, the one that everybody has first.
std::span<const Suite> all_suites();
/// Null for a number that is no suite of version 1.
const Suite* find_suite(std::uint16_t id);

}  // namespace louver::crypto
