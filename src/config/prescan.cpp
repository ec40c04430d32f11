#include "config/prescan.h"

#include <algorithm>

namespace louver::config {
namespace {

/// The offset behind the three quotes or more that end a string of many lines: up to two before the last three belong
/// to it.
std::size_t end_of_many_lines(std::string_view text, std::size_t closing) {
  static constexpr std::size_t quotes_most = 5;
  std::size_t end = closing + 3;
  while (end < text.size() && end < closing + quotes_most && text[end] == text[closing]) ++end;
  return end;
}

/// The offset behind the string that begins at `start`; the end of the text if it never ends.
std::size_t end_of_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const bool many_lines = text.size() - start >= 3 && text[start + 1] == quote && text[start + 2] == quote;
  for (std::size_t i = start + (many_lines ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;  // the next character is escaped
    } else if (text[i] == '\n' && !many_lines) {
      return i;  // malformed
    } else if (many_lines && text.substr(i).starts_with(text.substr(start, 3))) {
      return end_of_many_lines(text, i);
    } else if (!many_lines && text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

bool ends_key(char c) { return c == '=' || c == '\n' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

/// A key or a value begins behind these.
bool may_precede_string(char c) { return c == '\n' || c == '=' || c == ',' || c == '[' || c == '{' || c == '.'; }

}  // namespace

std::optional<Oddity> find_oddity(std::string_view text) {
  std::size_t dots = 0;  // since the last character that can't be inside a key
  char before = '\n';    // the last character that is no blank
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      if (!may_precede_string(before)) return Oddity{Oddity::Kind::odd_quote, i};
      i = end_of_string(text, i);
      before = c;
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) return Oddity{Oddity::Kind::not_ascii, i};
    if (c == '.' && ++dots >= key_parts_most) return Oddity{Oddity::Kind::deep_key, i};
    if (ends_key(c)) dots = 0;
    if (c != ' ' && c != '\t' && c != '\r') before = c;
    ++i;
  }
  return std::nullopt;
}

}  // namespace louver::config
