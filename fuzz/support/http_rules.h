#pragma once

#include <map>
#include <optional>

#include "profile/http1/test_support.h"
#include "support/require.h"
#include "support/script.h"

namespace louver::fuzz {

/// Contexts for trailers that a script can name.
inline constexpr profile::http1::TrailerIds trailers_up = {.request = ContextId{7}, .response = ContextId{8}};
inline constexpr profile::http1::TrailerIds trailers_down = {.request = ContextId{8}, .response = ContextId{7}};

/// A part as a script gives it: context 0..7, exchange, end and tombstone, a string.
inline profile::http1::test::OwnedPart part_of(Script& script, Direction direction) {
  profile::http1::test::OwnedPart part;
  const std::uint8_t octet = script.octet();
  part.context = ContextId{static_cast<std::uint8_t>(octet & 7)};
  part.end = (octet & 8) != 0;
  part.redacted = (octet & 0xf0) == 0xf0;
  part.direction = direction;
  part.exchange = Exchange{script.octet()};
  if (part.redacted) {
    part.redacted_bytes = script.number();
  } else {
    part.bytes = as_text(script.string());
  }
  return part;
}

/// What a codec puts into a session is what docs/protocol.md, annex http/1, lets it: its own contexts, exchanges in
/// order, one message in each context of an exchange (but for response-head).
/// @param trailers  the context for them, if the session has one
inline void check_parts(const std::vector<profile::http1::test::OwnedPart>& parts, Direction direction,
                        std::optional<ContextId> trailers = {}) {
  const unsigned first = direction == Direction::c2s ? 1 : 4;
  std::map<ContextId, std::pair<std::uint32_t, bool>> last;  // exchange, ended
  for (const auto& part : parts) {
    const bool own = raw(part.context) >= first && raw(part.context) < first + 3;
    require(part.direction == direction && (own || part.context == trailers), "a codec speaks in its own contexts");
    auto& [exchange, ended] = last.try_emplace(part.context, 0, true).first->second;
    const bool several = part.context == profile::http1::test::ids.response_head;
    const bool goes_on = raw(part.exchange) == exchange && (!ended || several);
    require(goes_on || (raw(part.exchange) == exchange + 1 && ended), "messages come one by one");
    exchange = raw(part.exchange);
    ended = part.end;
  }
}

}  // namespace louver::fuzz
