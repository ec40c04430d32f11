#include "filter/http/grammar.h"

#include <algorithm>

#include "base/base64.h"

namespace louver::filter::http {
namespace {

bool is_token_char(char c) {
  return is_digit(c) || is_upper(c) || is_lower(c) ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

bool is_text_char(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return c == '\t' || (octet >= 0x20 && octet != 0x7f);
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

/// Percent signs stand before two hexadecimal digits only, and not for a control character.
bool is_well_escaped(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (path.size() - at < 3 || !is_hex(path[at + 1]) || !is_hex(path[at + 2])) return false;
    if (path[at + 1] < '2' || lowered(path.substr(at, 3)) == "%7f") return false;
  }
  return true;
}

/// Octets at the front that end a segment, for whoever decodes too early also: "/", "%2f", "%5c". Or 0.
std::size_t separator_size(std::string_view text) {
  if (text.starts_with('/')) return 1;
  const std::string escape = lowered(text.substr(0, 3));
  return escape == "%2f" || escape == "%5c" ? 3 : 0;
}

/// "." or ".." to some server: "%2e" is a dot, and what follows ';' may be no part of the segment.
bool is_dot_segment(std::string_view segment) {
  segment = segment.substr(0, segment.find(';'));
  std::size_t dots = 0;
  while (!segment.empty()) {
    const std::size_t taken = segment[0] == '.' ? 1 : lowered(segment.substr(0, 3)) == "%2e" ? 3 : 0;
    if (taken == 0) return false;
    segment.remove_prefix(taken);
    ++dots;
  }
  return dots == 1 || dots == 2;
}

/// A path that begins with two separators is another host to whoever takes it for a reference.
bool is_path_without_dots(std::string_view path) {
  path.remove_prefix(1);  // the slash
  if (separator_size(path) > 0) return false;
  while (true) {
    std::size_t end = 0;
    while (end < path.size() && separator_size(path.substr(end)) == 0) ++end;
    if (is_dot_segment(path.substr(0, end))) return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + separator_size(path.substr(end)));
  }
}

bool is_port(std::string_view text) {
  return is_decimal(text) && text != "0" && text.size() <= 5 && (text.size() < 5 || text <= "65535");
}

}  // namespace

std::string lowered(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_field_name(std::string_view text) { return is_token(text) && std::ranges::none_of(text, is_upper); }

bool is_field_value(std::string_view text) {
  return text.empty() || (is_line(text) && !is_blank(text.front()) && !is_blank(text.back()));
}

bool is_line(std::string_view text) { return std::ranges::all_of(text, is_text_char); }

bool is_decimal(std::string_view text) {
  constexpr std::string_view most = "9223372036854775807";
  if (text.empty() || text.size() > most.size() || !std::ranges::all_of(text, is_digit)) return false;
  return (text == "0" || text[0] != '0') && (text.size() < most.size() || text <= most);
}

bool is_websocket_key(std::string_view text) {
  const auto key = from_base64(text);
  return key && key->size() == 16;
}

bool is_authority(std::string_view text) {
  const std::size_t name_end = text.starts_with('[') ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, name_end);  // empty for a bracket that does not close
  const std::string_view rest = text.substr(name_end);
  if (name.empty() || (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1))))) return false;
  if (name[0] == '[') {
    return name.size() > 2 && std::ranges::all_of(name.substr(1, name.size() - 2), [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
           });
  }
  if (name.size() > 253 || name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(name,
                             [](char c) { return is_digit(c) || is_lower(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_origin_form(std::string_view target) {
  const auto allowed = [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view{"#\"<>"}.find(c) == std::string_view::npos;
  };
  if (!target.starts_with('/') || !std::ranges::all_of(target, allowed)) return false;
  const std::string_view path = target.substr(0, target.find('?'));
  return path.find('\\') == std::string_view::npos && is_well_escaped(path) && is_path_without_dots(path);
}

}  // namespace louver::filter::http
