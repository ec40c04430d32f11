#include "config/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace louver::config {
namespace {

bool bit(const std::array<std::uint8_t, 16>& octets, unsigned index) {
  return ((octets[index / 8] >> (7 - index % 8)) & 1) != 0;
}

bool is_mapped(const std::array<std::uint8_t, 16>& octets) {
  constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::ranges::equal(prefix, std::span{octets}.first<12>());
}

}  // namespace

bool AddressRange::contains(const std::array<std::uint8_t, 16>& octets_asked, bool v4) const {
  if (v4 != is_v4) return false;
  for (unsigned i = 0; i < bits; ++i) {
    if (bit(octets, i) != bit(octets_asked, i)) return false;
  }
  return true;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address{text.substr(0, slash)};
  if (address.find('\0') != std::string::npos) return std::nullopt;
  AddressRange out;
  out.is_v4 = inet_pton(AF_INET, address.c_str(), out.octets.data()) == 1;
  if (!out.is_v4 && inet_pton(AF_INET6, address.c_str(), out.octets.data()) != 1) return std::nullopt;
  if (!out.is_v4 && is_mapped(out.octets)) return std::nullopt;
  const unsigned all = out.is_v4 ? 32 : 128;
  out.bits = static_cast<std::uint8_t>(all);
  if (slash == std::string_view::npos) return out;

  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.starts_with('0') || bits > all)
    return std::nullopt;
  out.bits = static_cast<std::uint8_t>(bits);
  for (unsigned i = bits; i < all; ++i) {
    if (bit(out.octets, i)) return std::nullopt;
  }
  return out;
}

}  // namespace louver::config
