#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "profile/http1/lift/contexts.h"

namespace louver::profile::http1 {

/// What a message of a field context says. Empty if there was no such value, else
///
///     from SP type SP marker CRLF value
///
/// `marker` stands in the value's place, in head or body: `louver-field-` and 32 hexadecimal digits that are made anew
/// for each message, so that no application can write one that counts. docs/protocol.md, annex http/1
struct FieldMessage {
  std::string marker;
  std::string value;
  bool operator==(const FieldMessage&) const = default;
};

inline constexpr std::string_view marker_prefix = "louver-field-";
inline constexpr std::size_t marker_octets = marker_prefix.size() + 32;
/// Of a whole message; `limit_exceeded` beyond.
inline constexpr std::size_t field_message_octets_most = 64 * 1024;

std::string make_marker(RandomSource& random);

std::string write_field_message(const FieldContext& context, const FieldMessage& message);
/// Nothing for the empty message.
/// @fault blocked_by_policy  the sender lifts this context from elsewhere, or as another type
/// @fault bad_value          no such form
Result<std::optional<FieldMessage>> parse_field_message(const FieldContext& context, Bytes message);

}  // namespace louver::profile::http1
