#include "support/association_player.h"

using namespace louver;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::Choice choice = fuzz::choose(script);
  choice.middleboxes = std::max<std::uint8_t>(choice.middleboxes, 1);
  fuzz::AssociationWorld world{choice};
  session::MiddleboxAssociation& middlebox = world.path().middlebox(1);
  fuzz::AssociationPlayer player{world.path().association().node(1)};
  player.closer = [&](std::uint8_t code, Now now, sim::Node::Outputs& out) {
    return middlebox.close(code, 1000, now, {out.to_client, out.to_server});
  };
  player.play(script);
  require(!middlebox.complete() || middlebox.record() != nullptr, "a complete agreement has a record");
  return 0;
}
