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

/// What a request means for the response to it.
struct Asked {
  bool to_head = false;          // HEAD: no content comes, whatever the head says
  std::string websocket_accept;  // an upgrade to WebSocket: what shows that a 101 is authentic; else empty
};

/// Judges a parsed head; a refusal makes the gateway answer 502. A 101 is taken only if it was asked for and is
/// authentic (HT-09); its framing is until_close.
Verdict accept_response(RawHead raw, const Asked& asked, IncomingResponse& out);

}  // namespace louver::profile::http1
