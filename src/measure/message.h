#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace louver::measure {

/// In front of all that a client of ours says: how many octets follow, and how many the origin is to answer when it has
/// them.
struct MessageHead {
  static constexpr std::size_t octets = 16;
  static constexpr std::uint64_t answer_octets_most = 64 * 1024;

  std::uint64_t follow = 0, answer = 0;

  std::array<std::byte, octets> write() const {
    std::array<std::byte, octets> out{};
    for (std::size_t i = 0; i < 8; ++i) {
      out[i] = static_cast<std::byte>(follow >> (56 - 8 * i));
      out[8 + i] = static_cast<std::byte>(answer >> (56 - 8 * i));
    }
    return out;
  }
  static MessageHead read(std::span<const std::byte, octets> from) {
    MessageHead out;
    for (std::size_t i = 0; i < 8; ++i) {
      out.follow = out.follow << 8 | std::to_integer<std::uint64_t>(from[i]);
      out.answer = out.answer << 8 | std::to_integer<std::uint64_t>(from[8 + i]);
    }
    return out;
  }
};

}  // namespace louver::measure
