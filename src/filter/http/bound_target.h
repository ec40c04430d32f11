#pragma once

#include "filter/http/head.h"

namespace louver::filter::http {

/// What the first line of `request-credentials` says of this head's method, host and target. docs/protocol.md, annex
/// http/1
std::string bound_target(const Head& head);

/// The line begins so, and has that many octets with its end.
inline constexpr std::string_view target_line_start = "louver-target: ";
inline constexpr std::size_t target_line_octets = target_line_start.size() + 64 + 2;

/// A whole `request-credentials` message without that line: what an origin is given.
std::string_view without_target(std::string_view message);

/// A whole `request-credentials` message, bound to another target: for a middlebox that changed a target and may write
/// both. Credentials that are bound to none stay so.
///
/// @param from, to  bound_target() of the head as it came and as it went on
/// @fault blocked_by_policy  they were given for another target than `from`: somebody before has aimed them elsewhere,
///                           and who bound them anew would do it for him
Result<std::string> bound_anew(Bytes message, std::string_view from, std::string_view to);

}  // namespace louver::filter::http
