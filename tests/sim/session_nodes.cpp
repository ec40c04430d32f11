#include "sim/session_nodes.h"

#include <stdexcept>

#include "session/join_tags.h"

namespace louver::sim {
namespace {

void say_alert(const Error& why, std::uint8_t self, session::Outbound& out) {
  out.append(wire::make_alert_frame(self, alert_for(why.fault)));
}

/// The first frame of a session's connection, when it is whole.
Result<std::optional<wire::FrameView>> first_frame(MutableBytes input) {
  return wire::next_frame(input, wire::join_body_octets);
}

}  // namespace

SessionClientNode::SessionClientNode(std::shared_ptr<session::AssociationRecord> association,
                                     const session::ProfileTraits& profile, Now now, Duration idle,
                                     session::CounterLimits counters)
    : record(std::move(association)) {
  auto made = record->make_join(now.wall, number, [&](const session::KeySource& given) -> Result<> {
    keys = given.with(counters);
    LOUVER_ASSIGN(engine, session::EndpointSession::make(*keys, profile, idle, now.mono));
    return {};
  });
  if (!made) throw std::runtime_error(describe(made.error()));
  join = *std::move(made);
}

void SessionClientNode::fail(const Error& why, Outputs& out) {
  if (why.fault != Fault::peer_alert) say_alert(why, 0, out.to_server);
}

Result<std::size_t> SessionServerNode::receive(Side, MutableBytes input, Now now, Outputs&) {
  LOUVER_TRY(check_drain(record.get(), now.mono));
  if (engine != nullptr) return engine->receive(input, notes, now.mono);
  LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, first_frame(input));
  if (!frame) return std::size_t{0};
  LOUVER_ASSIGN(const wire::Join join, session::decode_join(*frame));
  LOUVER_ASSIGN(record, table_.find(join.association));
  LOUVER_TRY(record->take_join(frame->whole, now.mono, now.wall, [&](const session::KeySource& given) -> Result<> {
    keys = given.with(counters_);
    LOUVER_ASSIGN(engine, session::EndpointSession::make(*keys, profile_, idle_, now.mono));
    return {};
  }));
  const std::size_t first = frame->whole.size();
  LOUVER_ASSIGN(const std::size_t rest, engine->receive(input.subspan(first), notes, now.mono));
  return first + rest;
}

void SessionServerNode::fail(const Error& why, Outputs& out) {
  if (why.fault != Fault::peer_alert)
    say_alert(why, record != nullptr ? raw(record->self()) : wire::unknown_party, out.to_client);
}

Result<std::size_t> RelayNode::receive(Side from, MutableBytes input, Now now, Outputs& out) {
  LOUVER_TRY(check_drain(record.get(), now.mono));
  if (engine != nullptr) return engine->receive(from, input, handler, now.mono, out.to(opposite(from)));
  if (from == Side::server) return Error{Fault::unexpected_frame, "bytes from the server before the JOIN"};
  LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, first_frame(input));
  if (!frame) return std::size_t{0};
  LOUVER_ASSIGN(const wire::Join join, session::decode_join(*frame));
  LOUVER_ASSIGN(record, table_.find(join.association));
  self_ = record->self();
  LOUVER_TRY(record->take_join(frame->whole, now.mono, now.wall, [&](const session::KeySource& given) -> Result<> {
    keys = given.with(counters_);
    LOUVER_ASSIGN(engine, session::RelaySession::make(*keys, profile_, idle_, now.mono));
    return {};
  }));
  out.to_server.append(frame->whole);
  const std::size_t first = frame->whole.size();
  LOUVER_ASSIGN(const std::size_t rest, engine->receive(from, input.subspan(first), handler, now.mono, out.to_server));
  return first + rest;
}

void RelayNode::fail(const Error& why, Outputs& out) {
  if (why.fault == Fault::peer_alert && engine != nullptr && engine->alert()) {
    const Buffer frame = wire::make_alert_frame(engine->alert()->party, static_cast<Alert>(engine->alert()->code));
    out.to_client.append(frame);
    out.to_server.append(frame);
    return;
  }
  say_alert(why, raw(self_), out.to_client);
  if (engine != nullptr) say_alert(why, raw(self_), out.to_server);  // else there is no connection on that side yet
}

}  // namespace louver::sim
