#include "profile/http1/target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr std::size_t longest_name = 253;

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > longest_name || host.front() == '.' || host.back() == '.') return false;
  if (host.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(host,
                             [](char c) { return is_digit(c) || is_alpha(c) || c == '-' || c == '.' || c == '_'; });
}

/// The address between brackets in its shortest form, or nothing.
std::optional<std::string> shortest_ipv6(std::string_view text) {
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string{text}.c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_ntop(AF_INET6, &address, out.data(), out.size()) == nullptr) return std::nullopt;
  return std::string{out.data()};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = parse_decimal(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// What a server that decodes too early takes for the end of a segment.
bool is_encoded_separator(std::string_view triplet) {
  return equal_ignoring_case(triplet, "%2f") || equal_ignoring_case(triplet, "%5c");
}

/// Length of the separator at the front of `text`, in any spelling, or 0.
std::size_t separator_length(std::string_view text) {
  if (text.starts_with('/')) return 1;
  return is_encoded_separator(text.substr(0, 3)) ? 3 : 0;
}

std::size_t segment_length(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && separator_length(text.substr(i)) == 0) ++i;
  return i;
}

/// "%2e" is a dot to most servers, and what follows ';' in a segment is no part of its name to some.
bool is_dot_segment(std::string_view segment) {
  std::string plain;
  for (std::size_t i = 0; i < segment.size() && segment[i] != ';'; ++i) {
    if (segment[i] == '%' && equal_ignoring_case(segment.substr(i, 3), "%2e")) {
      plain += '.';
      i += 2;
    } else {
      plain += segment[i];
    }
    if (plain.size() > 2) return false;
  }
  return plain == "." || plain == "..";
}

/// Whether each '%' stands before two hexadecimal digits and none stands for a control character: decoded, that ends a
/// name for one server and a line of the answer for another.
bool are_escapes_sound(std::string_view path) {
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    if (i + 2 >= path.size()) return false;
    const int high = hex_value(path[i + 1]);
    const int low = hex_value(path[i + 2]);
    if (high < 0 || low < 0 || high < 2 || (high == 7 && low == 15)) return false;
  }
  return true;
}

bool is_target_char(char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>'; }

/// @param path  begins with '/'
bool is_path(std::string_view path) {
  if (path.find('\\') != std::string_view::npos || !are_escapes_sound(path)) return false;
  path.remove_prefix(1);
  if (separator_length(path) > 0) return false;  // "//name" is another host to whoever takes it for a reference
  while (true) {
    const std::size_t end = segment_length(path);
    if (is_dot_segment(path.substr(0, end))) return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + separator_length(path.substr(end)));
  }
}

}  // namespace

std::string Authority::text() const { return port == 0 ? host : host + ":" + std::to_string(port); }

std::optional<Authority> parse_authority(std::string_view text, std::uint16_t default_port) {
  Authority out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto address = shortest_ipv6(text.substr(1, close - 1));
    if (!address) return std::nullopt;
    out.host = "[" + *address + "]";
    rest = text.substr(close + 1);
  } else {
    const std::string_view name = text.substr(0, text.find(':'));
    if (!is_name(name)) return std::nullopt;
    out.host = lowered(name);
    rest = text.substr(name.size());
  }
  if (rest.empty()) return out;
  if (rest.front() != ':') return std::nullopt;
  const auto port = parse_port(rest.substr(1));
  if (!port) return std::nullopt;
  if (*port != default_port) out.port = *port;
  return out;
}

bool is_origin_form(std::string_view target) {
  if (!target.starts_with('/') || !std::ranges::all_of(target, is_target_char)) return false;
  return is_path(target.substr(0, target.find('?')));
}

std::optional<AbsoluteForm> split_absolute_form(std::string_view target) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view rest = target.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#\\"), rest.size());
  return AbsoluteForm{target.substr(0, colon), rest.substr(0, end), rest.substr(end)};
}

}  // namespace louver::profile::http1
