#pragma once

#include <array>
#include <optional>
#include <utility>

#include "base/strong.h"
#include "filter/http/head.h"

namespace louver::filter::http {

/// Puts heads together that come in pieces, one at a time in each direction: profiles with heads do not multiplex.
class HeadCollector {
 public:
  /// @return the message, if this is its last piece; lives until the next call for this direction
  /// @fault limit_exceeded  longer than head_bytes_most
  Result<std::optional<Bytes>> take(Direction direction, Bytes bytes, bool end) {
    Buffer& partial = partial_[slot(direction)];
    if (partial.size() + bytes.size() > head_bytes_most)
      return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(head_bytes_most) + " octets"};
    append(partial, bytes);
    if (!end) return std::optional<Bytes>{};
    whole_[slot(direction)] = std::exchange(partial, {});
    return std::optional<Bytes>{whole_[slot(direction)]};
  }

 private:
  std::array<Buffer, 2> partial_;
  std::array<Buffer, 2> whole_;
};

}  // namespace louver::filter::http
