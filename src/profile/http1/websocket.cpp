#include "profile/http1/websocket.h"

#include <algorithm>

#include "base/base64.h"
#include "crypto/sha1.h"

namespace louver::profile::http1 {
namespace {

/// The one field of that name, or null if there is none or more than one.
const Field* only(const Fields& fields, std::string_view name) {
  if (std::ranges::count(fields, name, &Field::name) != 1) return nullptr;
  return &*std::ranges::find(fields, name, &Field::name);
}

bool is_key(std::string_view text) {
  const auto key = from_base64(text);
  return key && key->size() == 16;
}

}  // namespace

Verdict check_websocket_request(std::string_view method, const Fields& fields) {
  if (method != "GET") return Refusal{400, "a WebSocket is opened with GET"};
  const Field* key = only(fields, "sec-websocket-key");
  if (key == nullptr || !is_key(key->value)) return Refusal{400, "Sec-WebSocket-Key is not one value of 16 octets"};
  const Field* version = only(fields, "sec-websocket-version");
  if (version == nullptr || version->value != "13") return Refusal{400, "Sec-WebSocket-Version is not 13"};
  return {};
}

std::string websocket_accept(const Fields& request_fields) {
  const Field* key = only(request_fields, "sec-websocket-key");
  if (key == nullptr) return {};
  return base64_of(crypto::sha1(as_bytes(key->value + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}

Verdict check_websocket_answer(const Fields& fields, std::string_view accept) {
  const Field* answer = only(fields, "sec-websocket-accept");
  if (answer != nullptr && !accept.empty() && answer->value == accept) return {};
  return Refusal{502, "the 101 does not answer the key of this WebSocket"};
}

}  // namespace louver::profile::http1
