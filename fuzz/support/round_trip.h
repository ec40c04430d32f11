#pragma once

#include "support/require.h"
#include "support/script.h"
#include "wire/messages.h"

namespace louver::fuzz {

/// Octets that a structure takes are those that it writes; the text for logs is printable.
template <wire::Described T>
void round_trip(Bytes octets) {
  const auto value = wire::decode<T>(octets);
  if (!value) return;
  require(equal(wire::encode(*value), octets), "a structure makes its octets again");
  const std::string text = wire::to_text(*value);
  require(std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; }), "a printed structure is printable");
}

}  // namespace louver::fuzz
