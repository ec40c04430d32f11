#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Character classes and small rules of RFC 9110 and RFC 9112 that several files need.
namespace louver::profile::http1 {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

namespace detail {
/// Looked up: heads are checked octet by octet.
inline constexpr auto token_chars = [] {
  std::array<bool, 256> out{};
  for (int c = 0; c < 128; ++c)
    out[static_cast<std::size_t>(c)] = is_digit(static_cast<char>(c)) || is_alpha(static_cast<char>(c));
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) out[static_cast<unsigned char>(c)] = true;
  return out;
}();
}  // namespace detail

/// tchar of RFC 9110 §5.6.2
constexpr bool is_token_char(char c) { return detail::token_chars[static_cast<unsigned char>(c)]; }

/// What may stand in a field value or reason phrase: HTAB, SP, VCHAR, obs-text.
constexpr bool is_text_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return c == '\t' || (u >= 0x20 && u != 0x7f);
}

bool is_token(std::string_view text);
/// A token without capitals: how Louver writes field names.
bool is_lower_token(std::string_view text);
/// No blank at either end; may be empty.
constexpr bool is_trimmed(std::string_view text) {
  return text.empty() || (!is_blank(text.front()) && !is_blank(text.back()));
}
/// The same, and only text characters.
bool is_field_value(std::string_view text);
/// A request with it may be sent a second time, for all that this profile carries. RFC 9110 §9.2.2
bool is_idempotent(std::string_view method);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lowered(std::string_view text);
/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

/// A decimal number as Louver takes it: digits only, no leading zero, below 2^63.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace louver::profile::http1
