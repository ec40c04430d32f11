#include "support/require.h"
#include "support/tamper.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

/// Honest parties that agree over a hop on which the script alters frames, both ways.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const fuzz::Choice choice = fuzz::choose(script);
  const std::size_t hop = script.octet() % (choice.middleboxes + 1U);
  const bool undisturbed = script.done();
  fuzz::AssociationWorld world{choice};
  sim::Path& path = world.path();
  for (Direction direction : both_directions) path.association().tamper(hop, direction, fuzz::tamper_by(script));
  const bool agreed = path.establish();
  require(agreed || !undisturbed, "honest parties agree");
  path.association().run_until(path.clock.mono + std::chrono::minutes{1});
  for (std::size_t party = 0; party < choice.middleboxes + 2U; ++party) {
    const auto& error = path.error(party);
    require(!error || error->fault != Fault::internal_error, "no fault of ours, and no deadline that stands still");
    require(!agreed || path.record(party)->id() == path.record(0)->id(), "who agreed has agreed on the same");
  }
  return 0;
}
