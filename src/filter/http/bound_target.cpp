#include "filter/http/bound_target.h"

#include <algorithm>

#include "crypto/hash.h"

namespace louver::filter::http {
std::string bound_target(const Head& head) {
  const std::string said = "louver http/1 target\n" + head.method + " " + head.host + " " + head.target;
  return to_hex(crypto::sha256({as_bytes(said)}));
}

std::string_view without_target(std::string_view message) {
  if (message.starts_with(target_line_start)) message.remove_prefix(std::min(target_line_octets, message.size()));
  return message;
}

Result<std::string> bound_anew(Bytes message, std::string_view from, std::string_view to) {
  std::string out{as_text(message)};
  if (!out.starts_with(target_line_start)) return out;
  const std::string line = std::string{target_line_start}.append(from) + "\r\n";
  if (!out.starts_with(line)) {
    return Error{Fault::blocked_by_policy, "request-credentials were given for another target than request-head's"};
  }
  return out.replace(target_line_start.size(), from.size(), to);
}

}  // namespace louver::filter::http
