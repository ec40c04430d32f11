#include "support/recording.h"

#include "support/require.h"

namespace louver::fuzz {
namespace {

void listen(sim::Chain& chain, Recording& recording) {
  for (std::size_t hop = 0; hop + 1 < chain.size(); ++hop) {
    for (Direction d : both_directions) {
      chain.tamper(hop, d, [&recording, hop, d](Buffer frame, std::vector<Buffer>& out) {
        recording.push_back({d == Direction::c2s ? hop + 1 : hop, side_from(d), frame});
        out.push_back(std::move(frame));
      });
    }
  }
}

void speak(sim::Path& path, sim::Path::Session& session, Side end, std::uint32_t exchange) {
  for (const session::ContextTraits& one : path.spec.profile->contexts) {
    if ((one.directions >> slot(direction_from(end)) & 1) == 0) continue;
    session.send(end, one.name, "what " + std::string{one.name} + " says", exchange, false);
    session.send(end, one.name, "", exchange, true);
  }
}

}  // namespace

Recording record_association(const Choice& choice) {
  AssociationWorld world{choice};
  sim::Path& path = world.path();
  Recording recording;
  listen(path.association(), recording);
  require(path.establish(), "honest parties agree");
  path.association().run_until(path.clock.mono + std::chrono::seconds{11});  // an Alive each way
  sim::Node::Outputs out;
  require(path.client().close(0, wire::drain_by_themselves, path.clock.now(), out.to_server), "a client may close");
  path.association().put(0, out);
  path.association().run();
  return recording;
}

Recording record_session(const Choice& choice) {
  SessionWorld world{choice};
  const auto session = world.path().join();
  Recording recording;
  listen(session->chain, recording);
  session->start();
  session->run();
  const std::uint32_t first = choice.exchanges ? 1 : 0;
  for (std::uint32_t exchange = first; exchange <= 2 * first; ++exchange) {
    speak(world.path(), *session, Side::client, exchange);
    speak(world.path(), *session, Side::server, exchange);
    if (exchange == 0) break;
  }
  session->finish(Side::client);
  session->finish(Side::server);
  require(!session->anyone_failed(), "an honest session goes through");
  return recording;
}

Buffer stream_to(const Recording& recording, std::size_t party, Side from) {
  Buffer out;
  for (const Arrival& one : recording) {
    if (one.party == party && one.from == from) append(out, one.frame);
  }
  return out;
}

Buffer messages_to(const Recording& recording, std::size_t party, Side from, std::uint8_t channel, std::uint8_t flags) {
  constexpr std::byte data_record{4};
  Buffer stream;
  for (const Arrival& one : recording) {
    const auto header = wire::read_header(one.frame);
    const bool ours =
        header && header->type == wire::FrameType::channel && header->id == channel && header->flags == flags;
    if (one.party == party && one.from == from && ours) append(stream, Bytes{one.frame}.subspan(wire::header_octets));
  }
  Buffer out;
  for (Script script{stream}; !script.done();) {
    const bool data = std::byte{script.octet()} == data_record;
    const Bytes body = script.string();
    if (data) append(out, body);
  }
  return out;
}

}  // namespace louver::fuzz
