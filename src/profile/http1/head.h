#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "profile/http1/fields.h"
#include "profile/http1/limits.h"

namespace louver::profile::http1 {

/// What a `request-head` message says. Written as
///
///     METHOD SP target SP "HTTP/1.1" CRLF
///     "host: " authority CRLF
///     *( name ": " value CRLF )
///     [ "content-length: " number CRLF ]
///     [ "expect: 100-continue" CRLF ]
///     [ "upgrade: websocket" CRLF ]
///     CRLF
///
/// names in lower case, values without blanks at their ends; `target` in origin-form, or `*` with OPTIONS.
/// `content-length` is there if and only if the length of the body message is known when the head is sent. A request
/// with `upgrade` has neither of the two in front of it and passes check_websocket_request().
struct RequestHead {
  std::string method;
  std::string target;
  std::string host;
  Fields fields;  // Place::head only
  std::optional<std::uint64_t> content_length;
  bool expect_continue = false;
  bool upgrade = false;  // to `websocket`
  bool operator==(const RequestHead&) const = default;
};

/// What a `response-head` message says, interim (1xx) or final. Written as
///
///     "HTTP/1.1" SP status SP reason CRLF
///     *( name ": " value CRLF )
///     [ "content-length: " number CRLF ]
///     [ "upgrade: websocket" CRLF ]
///     CRLF
///
/// `upgrade` is there if and only if the status is 101. In the answer to HEAD and in a 304, `content-length` speaks of
/// a body that does not come; 1xx and 204 have none.
struct ResponseHead {
  unsigned status = 0;
  std::string reason;
  Fields fields;  // Place::head only
  std::optional<std::uint64_t> content_length;
  bool operator==(const ResponseHead&) const = default;
};

/// The final answer to a request with `upgrade`: what follows in both directions is a tunnel.
inline constexpr unsigned switching_protocols = 101;
constexpr bool is_interim(unsigned status) { return status >= 100 && status < 200 && status != switching_protocols; }
/// Such a response has no content-length, whatever the request was (RFC 9110 §8.6).
constexpr bool never_has_length(unsigned status) { return status < 200 || status == 204; }
/// A final response that has no content, whatever the request was.
constexpr bool never_has_content(unsigned status) { return status == 204 || status == 304; }

/// Fields that stand behind the head's own, in this order.
using MoreFields = std::initializer_list<std::span<const Field>>;
std::string write_head(const RequestHead& head, MoreFields more = {});
std::string write_head(const ResponseHead& head, MoreFields more = {});
/// `*( name ": " value CRLF )`, the empty message if there is no credential.
std::string write_credentials(const Fields& credentials);

/// The other way, as strictly: a middlebox with the write grant may have made these bytes (HT-02, HT-03, HT-12).
/// `details` name the context and fields of our table, nothing else of the message.
///
/// @fault blocked_by_policy  a field that belongs into another context or into none
/// @fault bad_value          anything else that is not exactly the form above
/// @fault limit_exceeded     message_bytes, message_fields
Result<RequestHead> parse_request_head(Bytes message, const Limits& limits);
Result<ResponseHead> parse_response_head(Bytes message, const Limits& limits);
/// @param context  "request-credentials" or "response-credentials"
Result<Fields> parse_credentials(Bytes message, std::string_view context, const Limits& limits);

}  // namespace louver::profile::http1
