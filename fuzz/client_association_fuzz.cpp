#include "support/association_player.h"

using namespace louver;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::AssociationWorld world{fuzz::choose(script)};
  auto& client = dynamic_cast<session::ClientAssociation&>(world.path().client());
  session::Outbound first;
  require(client.start(world.path().clock.now(), first), "a client begins");
  fuzz::AssociationPlayer player{world.path().association().node(0)};
  player.closer = [&](std::uint8_t code, Now now, sim::Node::Outputs& out) {
    return client.close(code, 1000, now, out.to_server);
  };
  player.play(script);
  require(!client.complete() || client.record() != nullptr, "a complete agreement has a record");
  return 0;
}
