#include "rogue/agreement_stage.h"

namespace louver::rogue {
namespace {

using namespace std::chrono_literals;

/// What a session would need: is it to be had at this party?
bool can_join(session::AssociationRecord& record, const sim::Clock& clock, bool is_client) {
  const auto derive = [](const session::KeySource&) -> Result<> { return {}; };
  if (is_client) {
    SessionNumber number{};
    return record.make_join(clock.wall, number, derive).has_value();
  }
  return record.state() == session::AssociationRecord::State::open;
}

}  // namespace

session::Grant all_read(std::size_t, std::string_view, Direction) { return session::Grant::read; }

Casting cast(std::size_t middleboxes, Twist client, Twist server) {
  Casting casting;
  casting.spec.middleboxes = middleboxes;
  casting.spec.profile = &duplex_traits;
  casting.spec.grants = all_read;
  casting.spec.latency = 1ms;
  if (client) casting.twists[0] = std::move(client);
  if (server) casting.twists[middleboxes + 1] = std::move(server);
  return casting;
}

Stage::Stage(Casting casting) : casting_(std::move(casting)), path(prepared()) {}

Duration Stage::deadline(std::size_t party) const {
  return casting_.patient.contains(party) ? Duration{24h} : Duration{limits::handshake_deadline};
}

sim::PathSpec Stage::prepared() {
  sim::PathSpec spec = casting_.spec;
  const std::size_t server = spec.middleboxes + 1;
  spec.client_engine = [this](const session::ClientOffer& wanted, session::EndpointChannels channels,
                              session::EndpointPolicy& policy,
                              RandomSource& random) -> std::unique_ptr<session::EndpointAssociation> {
    session::ClientOffer offer = wanted;
    if (casting_.offer) casting_.offer(offer);
    if (casting_.identities.contains(0)) channels = sim::TestPki::shared().client(casting_.identities[0]);
    if (casting_.client_channels) casting_.client_channels(channels);
    auto made = std::make_unique<RogueClient>(std::move(channels), deadline(0), script(0));
    const auto ready =
        made->set_up(offer, casting_.client_policy != nullptr ? *casting_.client_policy : policy, random);
    if (!ready) throw std::runtime_error(describe(ready.error()));
    return made;
  };
  spec.server_engine = [this, server](session::ServerAssociation::Options options, session::EndpointChannels channels,
                                      session::ServerPolicy& policy,
                                      RandomSource& random) -> std::unique_ptr<session::EndpointAssociation> {
    options.handshake_deadline = deadline(server);
    if (casting_.identities.contains(server))
      channels = sim::TestPki::shared().server(casting_.identities[server], casting_.spec.client_certificate);
    if (casting_.server_setup) casting_.server_setup(options, channels);
    return std::make_unique<RogueServer>(options, std::move(channels),
                                         casting_.server_policy != nullptr ? *casting_.server_policy : policy, random,
                                         script(server));
  };
  spec.middlebox_engine = [this](std::size_t i, session::MiddleboxAssociation::Options options,
                                 session::MiddleboxPolicy& policy,
                                 RandomSource& random) -> std::unique_ptr<session::MiddleboxAssociation> {
    if (casting_.identities.contains(i)) options = sim::TestPki::shared().middlebox(casting_.identities[i]);
    options.handshake_deadline = deadline(i);
    if (casting_.middlebox_setup) casting_.middlebox_setup(i, options);
    session::MiddleboxPolicy& own = casting_.middlebox_policies.contains(i) ? *casting_.middlebox_policies[i] : policy;
    return std::make_unique<RogueMiddlebox>(options, own, random, script(i));
  };
  return spec;
}

std::size_t Stage::count(std::size_t party, wire::MessageType type) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(said, [&](const Said& one) { return one.party == party && one.type == type; }));
}

bool Stage::nobody_said(wire::MessageType type) const {
  return std::ranges::none_of(said, [&](const Said& one) { return one.type == type; });
}

void Stage::start() {
  sim::Node::Outputs out;
  auto& client = dynamic_cast<session::ClientAssociation&>(path.client());
  ASSERT_TRUE(client.start(path.clock.now(), out.to_server));
  chain().put(0, out);
}

void Stage::run_for(Duration time) {
  const TimePoint until = path.clock.mono + time;
  start();
  chain().run_until(until);
}

void Stage::deafen(std::size_t endpoint, std::size_t middlebox) {
  const bool is_client = endpoint == 0;
  const std::size_t hop = is_client ? 0 : path.spec.middleboxes;
  const ChannelName name{static_cast<std::uint8_t>(middlebox),
                         is_client ? std::uint8_t{0} : wire::flag::server_channel};
  chain().tamper(hop, is_client ? Direction::s2c : Direction::c2s, dropping([this, endpoint, name](Bytes frame) {
                   return count(endpoint, wire::MessageType::keys) > 0 && channel_of(frame) == name;
                 }));
}

bool Stage::complete(std::size_t party) {
  if (party == 0) return path.client().complete();
  if (party == server()) return path.server().complete();
  return path.middlebox(party).complete();
}

bool Stage::stands(std::size_t party) {
  const auto record = path.record(party);
  return !path.error(party) && complete(party) && record != nullptr &&
         record->state() == session::AssociationRecord::State::open;
}

std::optional<Fault> Stage::fault(std::size_t party) {
  return path.error(party) ? std::optional{path.error(party)->fault} : std::nullopt;
}

std::string Stage::why(std::size_t party) {
  const std::string who = party == 0 ? "client" : party == server() ? "server" : "M" + std::to_string(party);
  return who + " " +
         (path.error(party) ? describe(*path.error(party)) : std::string{complete(party) ? "is complete" : "waits"});
}

std::size_t Stage::frames(wire::FrameType type) {
  std::size_t sum = 0;
  for (std::size_t hop = 0; hop + 1 < parties(); ++hop) {
    for (Direction d : both_directions) {
      sum += static_cast<std::size_t>(
          std::ranges::count_if(chain().seen(hop, d), [&](const Buffer& frame) { return type_of(frame) == type; }));
    }
  }
  return sum;
}

sim::Path::Session& Stage::join() {
  session_ = path.join();
  return *session_;
}

namespace {

std::string everybody(Stage& stage) {
  std::string out;
  for (std::size_t i = 0; i < stage.parties(); ++i) out += "\n  " + stage.why(i);
  return out;
}

void expect_told(Stage& stage, session::EndpointAssociation& end, std::size_t who, Fault fault) {
  const auto& alert = end.peer_alert();
  ASSERT_TRUE(alert) << everybody(stage);
  EXPECT_EQ(alert->alert, alert_for(fault)) << name_of(alert->alert) << everybody(stage);
  EXPECT_TRUE(raw(alert->party) == who || raw(alert->party) == wire::unknown_party)
      << int{raw(alert->party)} << everybody(stage);
}

bool in_handshake(Fault fault) {
  const Alert alert = alert_for(fault);
  return alert == Alert::handshake_failed || alert == Alert::certificate_role || alert == Alert::name_mismatch;
}

void expect_found(Stage& stage, std::size_t who, const std::set<Fault>& faults) {
  ASSERT_TRUE(stage.fault(who)) << everybody(stage);
  const Fault fault = *stage.fault(who);
  EXPECT_TRUE(faults.contains(fault)) << everybody(stage);
  for (const std::size_t end : {std::size_t{0}, stage.server()}) {
    if (end == who || !stage.is_honest(end)) continue;
    ASSERT_TRUE(stage.fault(end)) << everybody(stage);
    if (stage.fault(end) !=
        Fault::peer_alert) {  // it found the same by itself, or TLS told it first that its peer objects
      EXPECT_TRUE(faults.contains(*stage.fault(end)) || (in_handshake(fault) && stage.fault(end) == Fault::tls_failed))
          << everybody(stage);
      continue;
    }
    expect_told(stage, end == 0 ? stage.path.client() : stage.path.server(), who, fault);
  }
}

}  // namespace

void expect_nothing_stands(Stage& stage) {
  for (std::size_t i = 0; i < stage.parties(); ++i) {
    if (!stage.is_honest(i)) continue;
    EXPECT_FALSE(stage.stands(i)) << everybody(stage);
    if (const auto record = stage.path.record(i)) {
      EXPECT_FALSE(can_join(*record, stage.path.clock, i == 0)) << everybody(stage);
    }
  }
  for (const auto type : {wire::FrameType::data, wire::FrameType::redacted, wire::FrameType::join})
    EXPECT_EQ(stage.frames(type), 0U);
}

void expect_ended(Stage& stage, std::size_t who, std::set<Fault> faults) {
  expect_found(stage, who, faults);
  expect_nothing_stands(stage);
}

void expect_noticed(Stage& stage, std::size_t who, std::set<Fault> faults) {
  expect_ended(stage, who, std::move(faults));
  for (std::size_t i = 0; i < stage.parties(); ++i) {
    if (!stage.is_honest(i)) continue;
    EXPECT_FALSE(stage.complete(i)) << everybody(stage);
    EXPECT_EQ(stage.count(i, wire::MessageType::go), 0U) << everybody(stage);
  }
}

void expect_agreed(Stage& stage) {
  for (std::size_t i = 0; i < stage.parties(); ++i) EXPECT_TRUE(stage.stands(i)) << everybody(stage);
}

std::optional<ChannelName> channel_of(Bytes frame) {
  if (frame.size() < wire::header_octets || type_of(frame) != wire::FrameType::channel) return std::nullopt;
  return ChannelName{std::to_integer<std::uint8_t>(frame[1]), std::to_integer<std::uint8_t>(frame[2])};
}

wire::FrameType type_of(Bytes frame) {
  return frame.empty() ? wire::FrameType{} : static_cast<wire::FrameType>(frame[0]);
}

sim::Tamper dropping(std::function<bool(Bytes frame)> condition) {
  return [condition = std::move(condition)](Buffer frame, std::vector<Buffer>& out) {
    if (!condition(frame)) out.push_back(std::move(frame));
  };
}

}  // namespace louver::rogue
