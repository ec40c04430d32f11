#include "filter/scan/codings.h"

#include <algorithm>

#include "base/limits.h"

namespace louver::filter::scan {

Result<> Codings::on_head(Direction direction, Exchange exchange, Bytes bytes, bool end) {
  Buffer& partial = partial_[slot(direction)];
  if (partial.size() + bytes.size() > http::head_bytes_most)
    return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(http::head_bytes_most) + " octets"};
  append(partial, bytes);
  if (!end) return {};
  const Buffer message = std::exchange(partial, {});
  const http::HeadKind kind = direction == Direction::c2s ? http::HeadKind::request : http::HeadKind::response;
  LOUVER_ASSIGN(const http::Head head, http::parse_head(kind, message));
  auto& known = coded_[slot(direction)];
  if (known.size() >= limits::open_exchanges) return Error{Fault::limit_exceeded, "too many bodies are still to come"};
  // Of several heads (interim responses) the last one is the body's.
  known[exchange] = head.upgrade || std::ranges::any_of(head.fields, [](const http::Field& field) {
                      return field.name == "content-encoding" && field.value != "identity" && !field.value.empty();
                    });
  return {};
}

std::optional<bool> Codings::is_coded(Direction direction, Exchange exchange) const {
  const auto& known = coded_[slot(direction)];
  const auto found = known.find(exchange);
  return found == known.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace louver::filter::scan
