#include "support/require.h"
#include "support/tamper.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

namespace {

/// The two applications take turns: bit 0 of an order says who, bit 1 whether its message ends, bits 2.. the context.
void speak(sim::Path::Session& session, sim::Path& path, fuzz::Script& orders) {
  std::array<std::uint32_t, 2> exchange{1, 1};
  while (!orders.done()) {
    const std::uint8_t order = orders.octet();
    const Side end = (order & 1) == 0 ? Side::client : Side::server;
    if (end == Side::server && session.server().engine == nullptr) return;
    if (session.error(0) || session.error(session.chain.size() - 1)) return;
    std::vector<std::string_view> contexts;
    for (const session::ContextTraits& one : path.spec.profile->contexts) {
      if ((one.directions >> slot(direction_from(end)) & 1) != 0) contexts.push_back(one.name);
    }
    const std::size_t which = order >> 2;
    if (which >= 32) ++exchange[slot(end)];
    const std::uint32_t number = path.spec.profile->exchanges ? exchange[slot(end)] : 0;
    const Bytes text = orders.take(orders.octet());
    session.send(end, contexts[which % contexts.size()], as_text(text), number, (order & 2) != 0);
  }
}

}  // namespace

/// A session of honest parties over a hop on which the script alters frames; a string says what the applications send.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const fuzz::Choice choice = fuzz::choose(script);
  const std::size_t hop = script.octet() % (choice.middleboxes + 1U);
  sim::Path& path = fuzz::SessionWorld::of(choice).path();
  fuzz::Script orders{script.string()};
  const auto session = path.join();
  session->chain.split_randomly(false);  // its seed has moved on since the process began: nothing would be repeatable
  for (Direction direction : both_directions) session->chain.tamper(hop, direction, fuzz::tamper_by(script));
  session->start();
  session->run();
  speak(*session, path, orders);
  for (Side end : {Side::client, Side::server}) {
    const std::size_t node = end == Side::client ? 0 : session->chain.size() - 1;
    if (end == Side::server && session->server().engine == nullptr) continue;
    if (!session->error(node)) session->finish(end);
  }
  for (std::size_t party = 0; party < session->chain.size(); ++party) {
    const auto& error = session->error(party);
    require(!error || error->fault != Fault::internal_error, "no fault of ours");
  }
  return 0;
}
