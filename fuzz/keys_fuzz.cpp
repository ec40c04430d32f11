#include "session/secrets.h"
#include "support/round_trip.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

/// The Keys of both endpoints, as a middlebox puts them together: the terms come first, then two strings.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::Choice choice = fuzz::choose(script);
  choice.middleboxes = std::max<std::uint8_t>(choice.middleboxes, 1);
  const Bytes from_client = script.string();
  const Bytes from_server = script.rest();
  fuzz::round_trip<wire::Keys>(from_client);
  fuzz::round_trip<wire::Manifest>(from_server);
  const auto client = wire::decode<wire::Keys>(from_client);
  const auto server = wire::decode<wire::Keys>(from_server);
  if (!client || !server) return 0;

  const session::KeySource& own = fuzz::SessionWorld::of(choice).keys[1];
  const auto items = session::items_of(own.terms(), own.plan());
  require(items.has_value(), "terms that were agreed on have items");
  const auto secrets = session::assemble(own.terms(), *items, own.self(), client->items.items, server->items.items);
  if (!secrets) return 0;
  for (const session::Item& item : *items) {
    const session::ItemSecret* found = secrets->find(item.name);
    require((found != nullptr) == item.held_by(own.self()),
            "a middlebox holds what its grants call for, and nothing else");
    if (found != nullptr)
      require(found->size() == own.terms().suite().hash_octets, "a secret has the size of the suite");
  }
  require(secrets->digests().size() == secrets->size(), "one digest for each secret");
  return 0;
}
