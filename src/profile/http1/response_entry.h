#pragma once

#include "profile/http1/framing.h"
#include "profile/http1/head.h"
#include "profile/http1/raw_head.h"

namespace louver::profile::http1 {

/// A response of an origin, judged and in its canonical form.
struct IncomingResponse {
  ResponseHead head;
  Fields credentials;  // empty in interim responses
  Framing framing;
  bool keep_alive = true;  // the origin takes another request on this connection
};

/// Judges a parsed head; a refusal makes the gateway answer 502.
///
/// @param to_head  the request was HEAD: no content comes, whatever the head says
Verdict accept_response(RawHead raw, bool to_head, IncomingResponse& out);

}  // namespace louver::profile::http1
