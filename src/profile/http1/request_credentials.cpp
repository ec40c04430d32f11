#include "profile/http1/request_credentials.h"

#include <algorithm>

#include "crypto/hash.h"
#include "profile/http1/message_lines.h"

namespace louver::profile::http1 {
namespace {

constexpr std::string_view credentials_context = "request-credentials";
constexpr std::string_view line_start = "louver-target: ";
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t digits = 64;

bool is_digest(std::string_view text) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string bound_target(const RequestHead& head) {
  return to_hex(crypto::sha256({as_bytes("louver http/1 target\n"), as_bytes(head.method), as_bytes(" "),
                                as_bytes(head.host), as_bytes(" "), as_bytes(head.target)}));
}

std::string write_request_credentials(const RequestCredentials& credentials) {
  std::string out;
  out.reserve(line_start.size() + digits + line_end.size() + written_octets(credentials.fields));
  if (!credentials.bound_target.empty()) out.append(line_start).append(credentials.bound_target).append(line_end);
  write_fields(out, credentials.fields);
  return out;
}

Result<RequestCredentials> parse_request_credentials(Bytes message, const Limits& limits) {
  RequestCredentials out;
  if (as_text(message).starts_with(line_start)) {
    const std::string_view line = as_text(message).substr(0, line_start.size() + digits + line_end.size());
    if (!line.ends_with(line_end) || !is_digest(line.substr(line_start.size(), digits))) {
      return Error{Fault::bad_value, std::string{credentials_context} + ": louver-target is no digest"};
    }
    out.bound_target = line.substr(line_start.size(), digits);
    message = message.subspan(line.size());
  }
  LOUVER_ASSIGN(out.fields, parse_credentials(message, credentials_context, limits));
  return out;
}

Result<> check_bound_target(const RequestCredentials& credentials, const RequestHead& head, bool required) {
  if (credentials.bound_target.empty()) {
    if (!required) return {};
    return Error{Fault::blocked_by_policy,
                 std::string{credentials_context} + ": they are bound to no target, and the policy wants them to be"};
  }
  if (credentials.bound_target == bound_target(head)) return {};
  return Error{Fault::blocked_by_policy,
               "request-head: method, host or target are not those that request-credentials were given for"};
}

}  // namespace louver::profile::http1
