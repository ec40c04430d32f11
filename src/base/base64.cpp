#include "base/base64.h"

#include <algorithm>

namespace louver {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_of(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t there = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < there ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k <= there ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<Buffer> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Buffer out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::string_view group = text.substr(i, 4);
    const bool last = i + 4 == text.size();
    while (last && group.size() > 2 && group.back() == '=') group.remove_suffix(1);
    std::uint32_t bits = 0;
    for (const char c : group) {
      const std::size_t digit = digits.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
    }
    bits <<= 6 * (4 - group.size());
    for (std::size_t k = 0; k + 1 < group.size(); ++k) out.push_back(static_cast<std::byte>(bits >> (16 - 8 * k)));
  }
  if (base64_of(out) != text) return std::nullopt;  // one spelling only
  return out;
}

}  // namespace louver
