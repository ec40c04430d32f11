#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The small rules of RFC 9110 and RFC 9112 that a canonical head obeys. docs/protocol.md, annex http/1
namespace louver::filter::http {

inline constexpr std::string_view line_end = "\r\n";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text);

/// A method or the name of a header field in any case. RFC 9110 §5.6.2
bool is_token(std::string_view text);
/// The name of a header field as Louver writes it.
bool is_field_name(std::string_view text);
/// Neither control characters, CR, LF and NUL among them, nor a blank at either end; may be empty.
bool is_field_value(std::string_view text);
/// What may stand in a line: no control characters but HTAB.
bool is_line(std::string_view text);
/// A decimal number below 2^63 without leading zeros.
bool is_decimal(std::string_view text);

/// Sixteen octets in base64's one form: what opens a WebSocket. RFC 6455 §4.1
bool is_websocket_key(std::string_view text);

/// A host in lower case with an optional port, as the first field of a request head has it.
bool is_authority(std::string_view text);
/// An absolute path, with a query or not, in which everybody sees the same path: no dot segment in whatever spelling,
/// no second separator at the beginning, no escaped control character.
bool is_origin_form(std::string_view target);

}  // namespace louver::filter::http
