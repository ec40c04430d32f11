#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "profile/http1/fields.h"
#include "profile/http1/limits.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// What becomes of the trailers of a chunked body.
enum class TrailerUse : std::uint8_t {
  drop,  // the session has no contexts for them
  carry
};

/// Whether a field may stand behind a body. Not what frames, routes, carries credentials, changes what a request asks
/// or how content is to be understood (RFC 9110 §6.5.1): many a server merges what it finds there into the head. A name
/// counts as the most careless of them reads it: `x_forwarded_for` is `x-forwarded-for`.
/// @param name  in lower case
bool may_be_trailer(std::string_view name);

/// Judges trailers as they came over HTTP (HT-07). `louver-*` goes without a word, as everybody may send it.
///
/// @param block  complete and passed by a HeadScanner
/// @param out    those that are to be carried
/// @return 400: a field that may stand in the head only. Where they are dropped, a field counts as one only if the head
///         has a special place for it
Verdict accept_trailers(std::string_view block, TrailerUse use, Fields& out);

/// `*( name ": " value CRLF )`, the empty message if there are none.
std::string write_trailers(const Fields& trailers);

/// The other way, as strictly: a middlebox with the write grant may have made these octets.
/// @param context  "request-trailers" or "response-trailers"
/// @fault blocked_by_policy  a field that may not be a trailer
/// @fault bad_value          anything else that is not exactly the form above
/// @fault limit_exceeded     message_bytes, message_fields
Result<Fields> parse_trailers(Bytes message, std::string_view context, const Limits& limits);

}  // namespace louver::profile::http1
