#include "filter/scan/body_facts.h"

#include <algorithm>

#include "base/limits.h"

namespace louver::filter::scan {
namespace {

/// 206 (Partial Content), 226 (IM Used: a difference, RFC 3229), and an upload that says it is a part (RFC 9110 §14.5).
bool is_part(const http::Head& head) {
  if (head.kind == http::HeadKind::request)
    return std::ranges::any_of(head.fields, [](const http::Field& one) { return one.name == "content-range"; });
  const std::string_view status = std::string_view{head.status_line}.substr(9, 3);
  return status == "206" || status == "226";
}

}  // namespace

BodyFacts facts_of(const http::Head& head) {
  return {.tunnel = head.upgrade, .part = is_part(head), .codings = coding::codings_of(head.fields)};
}

Result<> BodyFactsBook::note(Direction direction, Exchange exchange, const http::Head& head) {
  auto& known = known_[slot(direction)];
  if (known.size() >= limits::open_exchanges) return Error{Fault::limit_exceeded, "too many bodies are still to come"};
  known[exchange] = facts_of(head);
  return {};
}

const BodyFacts* BodyFactsBook::find(Direction direction, Exchange exchange) const {
  const auto& known = known_[slot(direction)];
  const auto found = known.find(exchange);
  return found == known.end() ? nullptr : &found->second;
}

}  // namespace louver::filter::scan
