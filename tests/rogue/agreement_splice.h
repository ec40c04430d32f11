#pragma once

#include "rogue/agreement_stage.h"

namespace louver::rogue {

/// What the network exchanges between two associations: one channel, on one hop, both ways.
struct Splice {
  std::size_t hop;
  ChannelName channel;
};

/// Runs both associations at once, with that channel crossed: what one party says in it arrives in the other
/// association.
void cross(Stage& a, Stage& b, const Splice& splice);

/// Exchanges two channels of one association on a hop: their frames change names, both ways.
void exchange_channels(Stage& stage, std::size_t hop, ChannelName one, ChannelName other);

}  // namespace louver::rogue
