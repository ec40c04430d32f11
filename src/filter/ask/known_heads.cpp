#include "filter/ask/known_heads.h"

#include <algorithm>

namespace louver::filter::ask {

void KnownHeads::add(http::HeadKind kind, const FilterPart& part) {
  auto known =
      std::ranges::find_if(known_, [&](const Known& one) { return one.kind == kind && one.exchange == part.exchange; });
  if (known == known_.end()) known = known_.insert(known_.end(), Known{kind, part.exchange, {}, nullptr});
  known->whole = nullptr;
  if (!part.redacted) known->open += as_text(part.bytes);  // what lacks a piece has no form, and is not told
  if (known->open.size() > http::head_bytes_most) {
    known_.erase(known);
    return;
  }
  if (part.end) {
    if (http::parse_head(kind, as_bytes(known->open)))
      known->whole = std::make_shared<const std::string>(std::move(known->open));
    known->open.clear();
  }
  shrink();
}

std::shared_ptr<const std::string> KnownHeads::find(http::HeadKind kind, Exchange exchange) const {
  for (const Known& one : known_) {
    if (one.kind == kind && one.exchange == exchange) return one.whole;
  }
  return nullptr;
}

void KnownHeads::shrink() {
  const auto octets = [&] {
    std::size_t sum = 0;
    for (const Known& one : known_) sum += one.open.size() + (one.whole == nullptr ? 0 : one.whole->size());
    return sum;
  };
  while (known_.size() > 2 * exchanges_most || (known_.size() > 1 && octets() > octets_most)) known_.pop_front();
}

}  // namespace louver::filter::ask
