#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace louver::session {

/// What a profile says of one of its contexts. docs/protocol.md §6
struct ContextTraits {
  std::string_view name;
  std::uint8_t directions;        // bit 0 c2s, bit 1 s2c, as in Hello.contexts
  bool several_messages = false;  // an exchange may carry more than one message here (interim responses)
  std::uint16_t pad_to = 0;       // messages are padded to a multiple of so many octets; 0: not at all
};

/// What the engines need to know of a profile; they get it as data and know no profile themselves.
struct ProfileTraits {
  std::string_view name;
  bool exchanges;    // numbered from 1; else everything belongs to exchange 0
  bool multiplexed;  // records of several exchanges may alternate in one context
  std::span<const ContextTraits> contexts;
};

}  // namespace louver::session
