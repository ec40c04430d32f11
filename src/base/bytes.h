#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace louver {

/// A view that does not own; each function's comment says how long it must live.
using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
/// Bytes that own themselves. Never a home for secrets: use crypto::Secret.
using Buffer = std::vector<std::byte>;

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline std::uint8_t octet(Bytes bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

inline Buffer to_buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline Buffer to_buffer(std::string_view text) { return to_buffer(as_bytes(text)); }

inline void append(Buffer& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
inline void append(Buffer& to, std::string_view text) { append(to, as_bytes(text)); }

/// Compares in variable time: for public values only (secrets and tags: crypto::equal_in_constant_time).
inline bool equal(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

/// Lower-case hexadecimal, two digits an octet.
std::string to_hex(Bytes bytes);

/// At most `limit` characters of `text`, everything outside printable ASCII shown as `?`: for log lines about peers.
std::string printable(std::string_view text, std::size_t limit = 256);

}  // namespace louver
