#pragma once

#include <array>
#include <map>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"
#include "filter/http/head.h"

namespace louver::filter::scan {

/// Which bodies of a session are coded (gzip, br, ..), as their heads say, or are those of a tunnel, where a client
/// masks what it sends and both may compress. docs/protocol.md, annex http/1
class Codings {
 public:
  /// A piece of a head message.
  /// @fault limit_exceeded, blocked_by_policy  see parse_head()
  Result<> on_head(Direction direction, Exchange exchange, Bytes bytes, bool end);
  /// Nothing while the head has not come: an honest author sends it first.
  std::optional<bool> is_coded(Direction direction, Exchange exchange) const;
  void forget(Direction direction, Exchange exchange) { coded_[slot(direction)].erase(exchange); }

 private:
  std::array<Buffer, 2> partial_;
  std::array<std::map<Exchange, bool>, 2> coded_;
};

}  // namespace louver::filter::scan
