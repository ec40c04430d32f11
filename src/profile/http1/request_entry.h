#pragma once

#include "profile/http1/framing.h"
#include "profile/http1/head.h"
#include "profile/http1/raw_head.h"
#include "profile/http1/target.h"

namespace louver::profile::http1 {

/// What an agent's listener takes: requests for any host of the world, or for the hosts of its map.
enum class ListenerMode : std::uint8_t {
  forward_proxy,  // absolute-form only
  reverse_map     // origin-form; absolute-form is taken too, as RFC 9112 §3.2.2 asks
};

struct ListenerRules {
  ListenerMode mode = ListenerMode::reverse_map;
  std::string scheme = "http";
  std::uint16_t default_port = 80;  // the scheme's
  std::string default_authority;    // for HTTP/1.0 requests without Host in the reverse map; empty: they are refused
  bool allow_cross_site = false;    // reverse map: requests that a web page of another site caused (HT-13)
};

/// A request of an application, judged and in its canonical form.
struct IncomingRequest {
  RequestHead head;
  Fields credentials;
  Authority authority;
  Framing framing;
  bool http_1_0 = false;
  bool keep_alive = true;       // the application expects to go on with this connection
  bool takes_trailers = false;  // it reads trailers of the answer, or says so
};

/// Judges a parsed head; every refusal names its reason.
Verdict accept_request(RawHead raw, const ListenerRules& rules, const Limits& limits, IncomingRequest& out);

/// Methods that no profile of Louver carries: 405 for TRACE and TRACK, which echo credentials, 501 for CONNECT; in any
/// case of letters, since some origins do not look at it.
Verdict check_method(std::string_view method);

}  // namespace louver::profile::http1
