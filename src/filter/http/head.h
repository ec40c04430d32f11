#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace louver::filter::http {

/// Bounds of one head message, the same as at the ends of the path, in octets where a name says so.
inline constexpr std::size_t head_bytes_most = 128 * 1024;
inline constexpr std::size_t fields_most = 400;
inline constexpr std::size_t target_bytes_most = 8 * 1024;
inline constexpr std::size_t method_bytes_most = 32;

enum class HeadKind : std::uint8_t { request, response };
/// The context: "request-head", "response-head".
std::string_view context_of(HeadKind kind);

struct Field {
  std::string name;  // in lower case
  std::string value;
  bool operator==(const Field&) const = default;
};

/// A message of `request-head` or `response-head`, cut into what may be edited and what may not. docs/protocol.md,
/// annex http/1
struct Head {
  HeadKind kind = HeadKind::request;
  std::string method;       // requests
  std::string target;       // requests: origin-form, or "*" with OPTIONS
  std::string host;         // requests
  std::string status_line;  // responses, interim ones too
  std::vector<Field> fields;
  std::optional<std::string> content_length;
  bool expect_continue = false;  // requests
  bool upgrade = false;          // requests for a WebSocket, and the 101 to them: the bodies may be those of a tunnel
  bool operator==(const Head&) const = default;
};

/// A response behind which the final one comes: 1xx, but for the 101 that begins a tunnel.
bool is_interim(const Head& head);

/// Takes nothing but the canonical form, as the far end does: who passes on a head in another form as its own would be
/// blamed.
/// @fault blocked_by_policy  any other form; the detail holds nothing of the message
/// @fault limit_exceeded     head_bytes_most, fields_most
Result<Head> parse_head(HeadKind kind, Bytes message);

/// The canonical form: parse_head() takes it.
/// @fault limit_exceeded, blocked_by_policy  what rules made of the head is no longer one
Result<std::string> write_head(const Head& head);

}  // namespace louver::filter::http
