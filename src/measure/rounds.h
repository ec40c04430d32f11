#pragma once

#include <cstdint>

#include "measure/figures.h"
#include "measure/machine.h"
#include "measure/path.h"

namespace louver::measure {

/// How much is done in each round.
struct Sizes {
  std::size_t rounds;
  std::uint64_t bulk_octets;  // for each grant
  std::size_t joins, renewals, trips;
  std::size_t idle_sessions;  // more, in each round
};
/// As many sessions as in a round are opened so often at most before they count.
inline constexpr std::size_t idle_batches_before = 8;
Sizes sizes_for(bool quick);

/// Measures everything `sizes.rounds` times, one after the other, so that whatever disturbs the machine disturbs all.
/// A round that does not count goes before.
/// @fault configuration: it cannot be measured here; another: what went wrong
Result<Figures> measure_rounds(Path& path, const Handshakes& handshakes, const Sizes& sizes);

}  // namespace louver::measure
