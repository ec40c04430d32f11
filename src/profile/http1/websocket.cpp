#include "profile/http1/websocket.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/sha1.h"
#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The one field of that name, or null if there is none or more than one.
const Field* only(const Fields& fields, std::string_view name) {
  if (std::ranges::count(fields, name, &Field::name) != 1) return nullptr;
  return &*std::ranges::find(fields, name, &Field::name);
}

/// 22 digits and two `=`; of the last digit only two bits mean something, the others are zero.
bool is_key(std::string_view text) {
  return text.size() == 24 && text.ends_with("==") &&
         text.substr(0, 22).find_first_not_of(base64_digits) == std::string_view::npos &&
         std::string_view{"AQgw"}.find(text[21]) != std::string_view::npos;
}

std::string base64(Bytes octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t present = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < present ? std::to_integer<std::uint32_t>(octets[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= present ? base64_digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
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
  return base64(crypto::sha1(as_bytes(key->value + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}

Verdict check_websocket_answer(const Fields& fields, std::string_view accept) {
  const Field* answer = only(fields, "sec-websocket-accept");
  if (answer != nullptr && !accept.empty() && answer->value == accept) return {};
  return Refusal{502, "the 101 does not answer the key of this WebSocket"};
}

}  // namespace louver::profile::http1
