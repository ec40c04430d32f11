#pragma once

#include <string>
#include <string_view>

#include "profile/http1/fields.h"
#include "profile/http1/refusal.h"

// The opening handshake of RFC 6455, as far as whoever carries octets behind it must be sure of it (HT-09).

namespace louver::profile::http1 {

/// The one protocol that an Upgrade may ask for.
inline constexpr std::string_view websocket = "websocket";

/// Whether a request may ask for WebSocket: GET, one `sec-websocket-key` that is base64 of 16 octets in its one form,
/// one `sec-websocket-version`, 13.
Verdict check_websocket_request(std::string_view method, const Fields& fields);

/// The value of `sec-websocket-accept` that answers such a request, whose fields check_websocket_request has passed.
std::string websocket_accept(const Fields& request_fields);

/// Whether a 101 answers it: one `sec-websocket-accept`, which is `accept`.
Verdict check_websocket_answer(const Fields& fields, std::string_view accept);

}  // namespace louver::profile::http1
