#include "filter/http/bound_target.h"

#include "crypto/hash.h"

namespace louver::filter::http {
namespace {

constexpr std::string_view line_start = "louver-target: ";

}  // namespace

std::string bound_target(const Head& head) {
  const std::string said = "louver http/1 target\n" + head.method + " " + head.host + " " + head.target;
  return to_hex(crypto::sha256({as_bytes(said)}));
}

Result<std::string> bound_anew(Bytes message, std::string_view from, std::string_view to) {
  std::string out{as_text(message)};
  if (!out.starts_with(line_start)) return out;
  const std::string line = std::string{line_start}.append(from) + "\r\n";
  if (!out.starts_with(line)) {
    return Error{Fault::blocked_by_policy, "request-credentials were given for another target than request-head's"};
  }
  return out.replace(line_start.size(), from.size(), to);
}

}  // namespace louver::filter::http
