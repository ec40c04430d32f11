#include "support/association_player.h"

using namespace louver;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const fuzz::Choice choice = fuzz::choose(script);
  fuzz::AssociationWorld world{choice};
  session::EndpointAssociation& server = world.path().server();
  fuzz::AssociationPlayer player{world.path().association().node(choice.middleboxes + 1U)};
  player.closer = [&](std::uint8_t code, Now now, sim::Node::Outputs& out) {
    return server.close(code, 1000, now, out.to_client);
  };
  player.play(script);
  require(!server.complete() || server.record() != nullptr, "a complete agreement has a record");
  return 0;
}
