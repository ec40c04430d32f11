#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace louver::profile::http1 {

/// Whom a request is for, in the one form in which Louver writes it.
struct Authority {
  std::string host;        // lower case; an IPv6 address in brackets and in its shortest form
  std::uint16_t port = 0;  // 0: the scheme's default
  std::string text() const;
  bool operator==(const Authority&) const = default;
};

/// `host [":" port]`: letters, digits, `-`, `.`, `_`, no empty label; or an IPv6 address in brackets; a port 1..65535
/// without leading zeros. No userinfo.
///
/// @param default_port  a port that is left out of the result, as it says nothing; 0: none
std::optional<Authority> parse_authority(std::string_view text, std::uint16_t default_port);

/// True for `absolute-path ["?" query]` in which everybody sees the same path: printable ASCII without `#`, `"`, `<`,
/// `>`; in the path also no `\`, no `%` without two hexadecimal digits or for a control character, no second separator
/// at the beginning (`//`, `/%2f`) and no dot segment, in whatever spelling (`..`, `%2e.`, `..;x`, `..%2f`).
bool is_origin_form(std::string_view target);

/// The parts of `scheme "://" authority [path]`; the path is "" if there is none and begins with '?' if only a query is
/// there.
struct AbsoluteForm {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;
};
std::optional<AbsoluteForm> split_absolute_form(std::string_view target);

}  // namespace louver::profile::http1
