#include "profile/http1/response_entry.h"

#include "profile/http1/grammar.h"
#include "profile/http1/sorted_fields.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

Verdict check_status(unsigned status) {
  if (status < 100 || status > 599) return Refusal{502, "the origin's status is none"};
  return {};
}

/// HT-09
Verdict check_switch(const SortedFields& fields, bool http_1_0, const Asked& asked, IncomingResponse& out) {
  if (out.head.status != switching_protocols) return {};
  if (asked.websocket_accept.empty()) return Refusal{502, "the origin changed protocols without being asked"};
  const bool names_it = fields.upgrade && equal_ignoring_case(*fields.upgrade, websocket);
  if (http_1_0 || !names_it || !fields.upgrade_nominated) {
    return Refusal{502, "the origin's 101 does not say that it goes on with WebSocket"};
  }
  if (auto refusal = check_websocket_answer(fields.head, asked.websocket_accept)) return refusal;
  out.framing = {Framing::Kind::until_close};
  return {};
}

/// RFC 9112 §6.3, with the doubtful cases refused
Verdict take_framing(const SortedFields& fields, const Asked& asked, IncomingResponse& out) {
  const unsigned status = out.head.status;
  if (never_has_length(status)) {
    // RFC 9110 §8.6 forbids both; "Content-Length: 0" is common and says the same as nothing
    if (fields.chunked || fields.length.value_or(0) != 0)
      return Refusal{502, "the origin framed content that must not be"};
    return {};
  }
  out.head.content_length = fields.length;
  if (asked.to_head || status == 304) return {};
  if (fields.chunked) {
    out.framing = {Framing::Kind::chunked};
  } else if (fields.length) {
    out.framing = {Framing::Kind::length, *fields.length};
  } else {
    out.framing = {Framing::Kind::until_close};
  }
  return {};
}

}  // namespace

Verdict accept_response(RawHead raw, const Asked& asked, IncomingResponse& out) {
  out = {};
  out.head.status = raw.status;
  out.head.reason = raw.reason;
  const bool http_1_0 = raw.http_1_0;
  if (auto refusal = check_status(raw.status)) return refusal;

  SortedFields fields;
  if (auto refusal = sort_fields(std::move(raw), fields)) return refusal;
  if (auto refusal = take_framing(fields, asked, out)) return refusal;
  if (auto refusal = check_switch(fields, http_1_0, asked, out)) return refusal;
  out.keep_alive = !fields.close && (!http_1_0 || fields.keep_alive) && out.framing.kind != Framing::Kind::until_close;
  out.head.fields = std::move(fields.head);
  if (!is_interim(out.head.status)) out.credentials = std::move(fields.credentials);
  return {};
}

}  // namespace louver::profile::http1
