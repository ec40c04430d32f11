#pragma once

#include <array>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"
#include "filter/coding/content_coding.h"
#include "filter/http/head.h"

namespace louver::filter::scan {

/// What a head says of its body. docs/protocol.md, annex http/1
struct BodyFacts {
  bool tunnel = false;                                 // a WebSocket's octets: masked, maybe compressed
  bool part = false;                                   // a part of something, whose other parts are elsewhere
  std::optional<std::vector<coding::Coding>> codings;  // nothing: unknown, or too many
};
BodyFacts facts_of(const http::Head& head);

/// What the heads of a session said of the bodies that are still to come, or under way.
class BodyFactsBook {
 public:
  /// A whole head. Of several heads of one exchange (interim responses) the last one is the body's.
  /// @fault limit_exceeded
  Result<> note(Direction direction, Exchange exchange, const http::Head& head);
  /// Null while the head has not come: an honest author sends it first.
  const BodyFacts* find(Direction direction, Exchange exchange) const;
  void forget(Direction direction, Exchange exchange) { known_[slot(direction)].erase(exchange); }

 private:
  std::array<std::map<Exchange, BodyFacts>, 2> known_;
};

}  // namespace louver::filter::scan
