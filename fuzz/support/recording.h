#pragma once

#include <map>
#include <vector>

#include "support/world.h"

/// Honest runs, taken down frame by frame: where seeds come from.
namespace louver::fuzz {

/// A frame on its way to one party.
struct Arrival {
  std::size_t party;
  Side from;
  Buffer frame;
};

/// Everything that arrived anywhere, in order.
using Recording = std::vector<Arrival>;

/// An agreement, then a Close from the client.
Recording record_association(const Choice& choice);
/// A session in which both ends say something in every context, and end.
Recording record_session(const Choice& choice);

/// The bytes that came to a party from one side.
Buffer stream_to(const Recording& recording, std::size_t party, Side from);
/// The messages of a channel as its receiver reads them: the records of tls/channel_null.cpp opened.
Buffer messages_to(const Recording& recording, std::size_t party, Side from, std::uint8_t channel, std::uint8_t flags);

}  // namespace louver::fuzz
