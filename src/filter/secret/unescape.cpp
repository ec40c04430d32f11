#include "filter/secret/unescape.h"

#include <algorithm>
#include <charconv>

namespace louver::filter::secret {
namespace {

constexpr int no_character_of_a_credential = 0;

bool is_digit_of(int base, char c) {
  const bool decimal = c >= '0' && c <= '9';
  return decimal || (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}
bool are_digits(int base, std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return is_digit_of(base, c); });
}

int value_of(int base, std::string_view digits) {
  unsigned long value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return read.ec == std::errc{} && value <= 0xff ? static_cast<int>(value) : no_character_of_a_credential;
}

}  // namespace

bool Unescape::opens(unsigned char octet) const {
  return (octet == '%' && (notations_ & percent) != 0) || (octet == '\\' && (notations_ & json) != 0) ||
         (octet == '&' && (notations_ & html) != 0);
}

Unescape::Reading Unescape::read() const {
  std::array<char, longest> copy{};
  for (std::size_t i = 0; i < size_; ++i) copy[i] = static_cast<char>(open_[i].octet);
  const std::string_view text{copy.data(), size_};
  if (text.size() == 1) return more;
  return text[0] == '%' ? read_percent(text) : text[0] == '\\' ? read_json(text) : read_html(text);
}

Unescape::Reading Unescape::read_percent(std::string_view text) {
  const std::string_view digits = text.substr(1);
  if (!are_digits(16, digits)) return no_escape;
  return digits.size() < 2 ? more : value_of(16, digits);
}

/// Also `\x2b` and `\'`, which scripts write.
Unescape::Reading Unescape::read_json(std::string_view text) {
  if (text[1] == 'u' || text[1] == 'x') {
    const std::string_view digits = text.substr(2);
    if (!are_digits(16, digits)) return no_escape;
    return digits.size() < (text[1] == 'u' ? 4U : 2U) ? more : value_of(16, digits);
  }
  if (text[1] == 'n') return '\n';
  if (text[1] == 'r') return '\r';
  return std::string_view{"\"\\/'"}.find(text[1]) == std::string_view::npos ? no_escape : text[1];
}

Unescape::Reading Unescape::read_html(std::string_view text) {
  struct Named {
    std::string_view text;
    char stands_for;
  };
  static constexpr std::array named = {Named{"&amp;", '&'}, Named{"&lt;", '<'}, Named{"&gt;", '>'},
                                       Named{"&quot;", '"'}, Named{"&apos;", '\''}};
  if (text[1] != '#') {
    for (const Named& one : named) {
      if (one.text == text) return one.stands_for;
      if (one.text.starts_with(text)) return more;
    }
    return no_escape;
  }
  std::string_view digits = text.substr(2);
  const int base = !digits.empty() && (digits[0] == 'x' || digits[0] == 'X') ? 16 : 10;
  if (base == 16) digits.remove_prefix(1);
  if (digits.ends_with(';')) {
    digits.remove_suffix(1);
    return digits.empty() ? no_escape : value_of(base, digits);
  }
  return are_digits(base, digits) && text.size() < longest ? more : no_escape;
}

Symbol Unescape::drop_first() {
  const Symbol first = open_[0];
  std::shift_left(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(size_), 1);
  --size_;
  return first;
}

}  // namespace louver::filter::secret
