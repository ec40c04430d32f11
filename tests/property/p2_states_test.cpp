#include "rogue/agreement_stage.h"
#include "session/join_tags.h"

// P2: nobody acts before all agree; what comes in the wrong state, twice, back to its sender, or never (HS-02, HS-11,
// HS-12, HS-15, HS-17, HS-18), and how long the agreement takes.
namespace louver::rogue::states {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

constexpr auto past_deadline = limits::handshake_deadline + 50ms;

/// What honest parties say on a path, in order.
std::vector<Said> honest_dialogue(std::size_t middleboxes) {
  Stage stage{cast(middleboxes)};
  stage.run();
  return stage.said;
}

std::string text_of(const Said& one) {
  return "party " + std::to_string(one.party) + " channel " + std::to_string(one.channel) + " " +
         std::string{wire::name_of(one.type)};
}

/// The party that a message is for.
std::size_t receiver_of(const Said& one, std::size_t middleboxes) {
  const std::size_t server = middleboxes + 1;
  if (one.party == 0) return one.channel == 0 ? server : one.channel;
  if (one.party == server) return one.channel;
  return one.channel == slot(Side::client) ? 0 : server;
}

// --- HS-02, HS-11: withheld messages
// --------------------------------------------------------------------------------------

/// Who may say Go although this message never comes: only an end to which it makes no difference.
bool may_finish_without(const Said& missing, std::size_t party, std::size_t middleboxes) {
  const std::size_t server = middleboxes + 1;
  if (missing.type == MessageType::go) return true;
  if (missing.type == MessageType::ready)
    return receiver_of(missing, middleboxes) != party && (party == 0 || party == server);
  // The server's Confirm is for the client alone; the server itself has all that it waits for.
  return missing.type == MessageType::confirm && missing.party == server && party == server;
}

// HS-02, HS-11: every message that anyone says, withheld in turn. No end acts without all that it must have; no
// middlebox is complete that lacks something; after 10 s an honest party ends it, and nothing stands anywhere.
TEST(P2States, any_message_withheld_ends_the_association_at_the_deadline_and_nobody_acts) {
  constexpr std::size_t n = 2;
  for (const Said& missing : honest_dialogue(n)) {
    SCOPED_TRACE(text_of(missing));
    Casting casting = cast(n);
    casting.twists[missing.party] = withholding(missing.type, missing.channel);
    casting.patient = {missing.party};
    Stage stage{std::move(casting)};
    const TimePoint begin = stage.path.clock.mono;
    stage.start();
    stage.chain().run_until(begin + limits::handshake_deadline - 1ms);
    for (std::size_t i = 0; i < stage.parties(); ++i) {
      EXPECT_FALSE(stage.fault(i)) << "too early: " << stage.why(i);
      if (stage.is_honest(i) && stage.count(i, MessageType::go) > 0) {
        EXPECT_TRUE(may_finish_without(missing, i, n)) << stage.why(i);
      }
    }
    EXPECT_FALSE(stage.stands(receiver_of(missing, n))) << "the one that waits for it";
    stage.chain().run_until(begin + past_deadline);
    std::size_t timed_out = 0;
    for (std::size_t i = 0; i < stage.parties(); ++i) {
      ASSERT_TRUE(stage.fault(i)) << stage.why(i);
      timed_out += stage.fault(i) == Fault::timeout ? 1U : 0U;
    }
    EXPECT_GE(timed_out, 1U);
    expect_nothing_stands(stage);
  }
}

// HS-12: each channel withheld by the network, in one direction or both, from its first frame or from a later one.
// Neither end says Confirm or hands out keys on any channel before all its peers are verified.
struct Cut {
  ChannelName channel;
  std::size_t hop;
  std::set<Direction> ways;
  bool later;  // the first frame passes: a ClientHello without the rest of the client's flight
};

void withhold(Stage& stage, const Cut& cut) {
  for (Direction d : cut.ways) {
    auto passed = std::make_shared<std::size_t>(0);
    stage.chain().tamper(cut.hop, d, dropping([cut, passed](Bytes frame) {
                           return channel_of(frame) == cut.channel && (*passed)++ >= (cut.later ? 1U : 0U);
                         }));
  }
}

TEST(P2States, while_one_channel_is_withheld_no_end_confirms_or_hands_out_keys) {
  constexpr std::size_t n = 2;
  std::vector<ChannelName> channels = {{0, 0}};
  for (std::uint8_t i = 1; i <= n; ++i) {
    channels.push_back({i, 0});
    channels.push_back({i, wire::flag::server_channel});
  }
  const std::set<Direction> ways[] = {{Direction::c2s}, {Direction::s2c}, {Direction::c2s, Direction::s2c}};
  for (const ChannelName& channel : channels) {
    for (const auto& way : ways) {
      const Cut cut{channel, channel.flags == 0 ? std::size_t{0} : n, way, false};
      SCOPED_TRACE(std::to_string(channel.id) + " flags " + std::to_string(channel.flags) + " ways " +
                   std::to_string(way.size()) + (way.contains(Direction::c2s) ? " c2s" : " s2c"));
      Stage stage{cast(n)};
      withhold(stage, cut);
      stage.run_for(past_deadline);
      expect_nothing_stands(stage);
      const bool client_lacks_it = channel.flags == 0;  // the client's own channels: e and c_i
      if (client_lacks_it) {
        EXPECT_EQ(stage.count(0, MessageType::confirm), 0U);
        EXPECT_EQ(stage.count(0, MessageType::keys), 0U);
      }
      // Whatever is cut: the server waits for its own channels, and for a Confirm that the client says only with all of
      // its own.
      EXPECT_EQ(stage.count(stage.server(), MessageType::confirm), 0U);
      EXPECT_EQ(stage.count(stage.server(), MessageType::keys), 0U);
      EXPECT_TRUE(stage.nobody_said(MessageType::ready));
      EXPECT_TRUE(stage.nobody_said(MessageType::go));
      std::size_t timed_out = 0;
      for (std::size_t i = 0; i < stage.parties(); ++i) timed_out += stage.fault(i) == Fault::timeout ? 1U : 0U;
      EXPECT_GE(timed_out, 1U);
    }
  }
}

// HS-02: the exporter works before the client has proved anything; so a server must not act on it. Fin(e) is held back.
TEST(P2States, a_server_whose_client_has_not_finished_its_handshake_says_no_more_than_the_accept) {
  for (const std::size_t n : {0U, 1U}) {
    Casting casting = cast(n);
    casting.patient =
        n == 0 ? std::set<std::size_t>{0} : std::set<std::size_t>{0, 1};  // so that it is the server that gives up
    Stage stage{std::move(casting)};
    withhold(stage, {{0, 0}, n, {Direction::c2s}, true});
    stage.run_for(past_deadline);
    EXPECT_EQ(stage.count(stage.server(), MessageType::accept), 1U);
    for (const Said& one : stage.said) {
      if (one.party == stage.server()) {
        EXPECT_EQ(one.type, MessageType::accept);
      }
    }
    EXPECT_EQ(stage.path.record(stage.server()), nullptr);
    expect_ended(stage, stage.server(), {Fault::timeout});
  }
}

// --- HS-17: the matrix of messages and states
// ------------------------------------------------------------------------------

/// A well-formed body of that type, with nothing in it that anybody would take for the truth.
Buffer plausible_body(MessageType type) {
  switch (type) {
    case MessageType::describe:
      return wire::encode(wire::Describe{});
    case MessageType::accept: {
      wire::Accept accept;
      accept.version = 1;
      accept.suite = 0x1301;
      return wire::encode(accept);
    }
    case MessageType::keys: {
      wire::Keys keys;
      keys.manifest.members.items.resize(3);
      return wire::encode(keys);
    }
    case MessageType::ready:
      return wire::encode(wire::Ready{});
    case MessageType::confirm:
    case MessageType::go:
      return wire::encode(wire::Go{});
    case MessageType::alive:
      return wire::encode(wire::Alive{77});
    case MessageType::blocked:
      return wire::encode(wire::Blocked{});
    case MessageType::audit:
      return wire::encode(wire::Audit{});
    case MessageType::receipt:
      return wire::encode(wire::Receipt{{}, 0x0403, wire::Opaque<1, 1024>{std::string_view{"none"}}});
    case MessageType::close:
      return wire::encode(wire::Close{});
    case MessageType::alert:
      return wire::encode(wire::AlertMessage{0, 1, static_cast<std::uint8_t>(Alert::internal_error)});
  }
  return to_buffer(std::string_view{"anything"});
}

/// An additional message, right before or behind one that honest parties say there.
struct Extra {
  Said beside;
  bool before;
  MessageType type;
};

Twist adding(const Extra& extra) {
  return [extra](Message message, std::vector<Message>& out) {
    const bool here = message.type == extra.beside.type && message.channel == extra.beside.channel;
    // Of the type that is right here: the true message twice.
    Message added{message.channel, extra.type, extra.type == message.type ? message.body : plausible_body(extra.type)};
    if (here && extra.before) out.push_back(added);
    out.push_back(std::move(message));
    if (here && !extra.before) out.push_back(std::move(added));
  };
}

/// What the receiver must find. Everything is `unexpected_message` but what this state may take and finds false, and
/// alerts.
Fault expected(const Extra& extra, std::size_t server) {
  const Said& beside = extra.beside;
  if (extra.type == MessageType::alert) return Fault::peer_alert;
  const bool of_server = beside.party == server;
  // The client has all its peers when the Accept comes; then a Confirm may come, but not this one.
  if (of_server && beside.type == MessageType::accept && !extra.before && extra.type == MessageType::confirm)
    return Fault::manifest_differs;
  // M1 has the client's Keys by then and is ready; a Go may come, but not this one.
  if (of_server && beside.type == MessageType::keys && !extra.before && extra.type == MessageType::go)
    return Fault::manifest_differs;
  return Fault::unexpected_message;
}

/// A Close or Blocked has its turn as soon as its receiver is complete, which these may bring about: p12 and p9 have
/// those.
bool may_be_right(const Extra& extra) {
  const MessageType beside = extra.beside.type;
  return (extra.type == MessageType::close || extra.type == MessageType::blocked) && !extra.before &&
         (beside == MessageType::go || beside == MessageType::ready || beside == MessageType::confirm);
}

class P2Matrix : public testing::TestWithParam<std::size_t> {};
TEST_P(P2Matrix, any_message_beside_any_other_is_noticed_by_its_receiver) {
  const std::size_t n = GetParam();
  const std::size_t server = n + 1;
  std::size_t attempts = 0;
  for (const Said& beside : honest_dialogue(n)) {
    if (beside.party > 1 && beside.party != server) continue;  // M1 stands for all middleboxes
    for (const bool before : {true, false}) {
      for (const unsigned type : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U, 12U, 13U, 255U}) {
        const Extra extra{beside, before, static_cast<MessageType>(type)};
        if (may_be_right(extra)) continue;
        SCOPED_TRACE("type " + std::to_string(type) + (before ? " before " : " behind ") + text_of(beside));
        Casting casting = cast(n);
        casting.twists[beside.party] = adding(extra);
        casting.patient = {beside.party};
        Stage stage{std::move(casting)};
        stage.run();
        expect_ended(stage, receiver_of(beside, n), {expected(extra, server)});
        ++attempts;
      }
    }
  }
  EXPECT_GT(attempts, n == 0 ? 80U : 300U);
}
INSTANTIATE_TEST_SUITE_P(Middleboxes, P2Matrix, testing::Values(0, 1));

// HS-17: a message of the right type in the right place, but an octet too short or too long.
TEST(P2States, a_malformed_message_is_noticed_by_its_receiver) {
  const std::size_t n = 1;
  for (const Said& said : honest_dialogue(n)) {
    for (const bool longer : {true, false}) {
      SCOPED_TRACE(text_of(said) + (longer ? " longer" : " shorter"));
      Casting casting = cast(n);
      casting.twists[said.party] = [&](Message message, std::vector<Message>& out) {
        if (message.type == said.type && message.channel == said.channel)
          longer ? message.body.push_back({}) : message.body.pop_back();
        out.push_back(std::move(message));
      };
      Stage stage{std::move(casting)};
      stage.run();
      expect_ended(stage, receiver_of(said, n),
                   {Fault::input_too_short, Fault::trailing_bytes, Fault::length_out_of_bounds});
    }
  }
}

// §4 step 6: one message is at most 1 MiB: refused from its header, in every place.
TEST(P2States, a_message_of_more_than_1_mib_is_noticed_from_its_header) {
  const std::size_t n = 1;
  for (const Said& said : honest_dialogue(n)) {
    SCOPED_TRACE(text_of(said));
    Casting casting = cast(n);
    casting.twists[said.party] = [&](Message message, std::vector<Message>& out) {
      if (message.type == said.type && message.channel == said.channel) {
        message.bare = true;
        message.body = {static_cast<std::byte>(said.type), std::byte{0x10}, std::byte{0}, std::byte{1}};
      }
      out.push_back(std::move(message));
    };
    Stage stage{std::move(casting)};
    stage.run();
    expect_ended(stage, receiver_of(said, n), {Fault::limit_exceeded});
  }
}

// A Close right behind the message that completes its receiver, in one TLS record: once this took a record that did not
// exist yet.
TEST(P2States, a_close_in_one_flight_with_the_last_message_of_the_agreement_ends_the_association_in_order) {
  for (const bool from_client : {true, false}) {
    const Twist close_at_once = [](Message message, std::vector<Message>& out) {
      const bool confirm = message.type == MessageType::confirm;
      if (confirm) {  // both in one write, so that they arrive together
        Buffer both = wire::make_message(message.type, message.body);
        append(both, wire::make_message(wire::Close{0, wire::drain_by_themselves, 0}));
        out.push_back({message.channel, message.type, std::move(both), true});
      } else {
        out.push_back(std::move(message));
      }
    };
    Stage stage{from_client ? cast(0, close_at_once) : cast(0, {}, close_at_once)};
    stage.chain().split_randomly(false);
    stage.run();
    const std::size_t honest = from_client ? stage.server() : 0;
    ASSERT_NE(stage.path.record(honest), nullptr);
    EXPECT_EQ(stage.path.record(honest)->state(), session::AssociationRecord::State::closing);
    EXPECT_FALSE(stage.stands(honest));
  }
}

// HS-11: messages of another association, complete and true there.
TEST(P2States, messages_of_another_association_are_noticed_by_their_receiver) {
  Stage other{cast(1)};
  other.run();
  expect_agreed(other);
  for (const Said& said : honest_dialogue(1)) {
    if (said.type == MessageType::describe) continue;  // says nothing of an association; its nonce is HS-08's
    SCOPED_TRACE(text_of(said));
    const auto foreign = std::ranges::find_if(other.said, [&](const Said& o) {
      return o.party == said.party && o.channel == said.channel && o.type == said.type;
    });
    ASSERT_NE(foreign, other.said.end());
    Casting casting = cast(1);
    casting.spec.seed = 99;
    casting.twists[said.party] = [&](Message message, std::vector<Message>& out) {
      if (message.type == said.type && message.channel == said.channel) message.body = foreign->body;
      out.push_back(std::move(message));
    };
    Stage stage{std::move(casting)};
    stage.run();
    const Fault fault = said.type == MessageType::accept ? Fault::hello_hash : Fault::manifest_differs;
    expect_ended(stage, receiver_of(said, 1), {fault});
    EXPECT_FALSE(stage.complete(receiver_of(said, 1)));
  }
}

// HS-11: Go from one end is no Go: while either lacks, the middlebox uses nothing.
TEST(P2States, a_middlebox_with_go_from_one_end_only_takes_no_session) {
  for (const std::size_t silent : {std::size_t{0}, std::size_t{2}}) {
    Casting casting = cast(1);
    casting.twists[silent] = withholding(MessageType::go);
    casting.patient = {silent};
    Stage stage{std::move(casting)};
    stage.run();
    EXPECT_TRUE(stage.complete(0));
    EXPECT_TRUE(stage.complete(stage.server()));
    EXPECT_FALSE(stage.complete(1));
    ASSERT_NE(stage.path.record(1), nullptr);
    EXPECT_EQ(stage.path.record(1)->state(), session::AssociationRecord::State::waiting);
    sim::Path::Session& session = stage.join();
    session.start();
    session.send(Side::client, "both", "too early", 0);
    EXPECT_TRUE(session.chain.seen(1, Direction::c2s).empty()) << "the middlebox passed something on";
    EXPECT_TRUE(session.relay(1).handler.notes.empty()) << "a filter was shown something";
    EXPECT_TRUE(session.server().notes.empty());
    EXPECT_TRUE(session.error(1));
    stage.chain().run_until(stage.path.clock.mono + past_deadline);
    EXPECT_EQ(stage.fault(1), Fault::timeout) << stage.why(1);
    expect_nothing_stands(stage);
  }
}

// --- HS-02, R3: early action
// --------------------------------------------------------------------------------------------------

// A JOIN that overtakes a Go is refused without being burnt: the same one counts once both Go are in.
TEST(P2States, a_join_before_go_is_neither_taken_nor_burnt) {
  std::vector<Message> held;
  Casting casting = cast(1);
  casting.twists[2] = withholding(MessageType::go);
  Stage stage{std::move(casting)};
  stage.run();
  const auto nothing = [](const session::KeySource&) -> Result<> { return {}; };
  SessionNumber number{};
  Buffer join = *stage.path.record(0)->make_join(stage.path.clock.wall, number, nothing);
  const auto record = stage.path.record(1);
  Buffer first = join;
  EXPECT_FALSE(record->take_join(first, stage.path.clock.mono, stage.path.clock.wall, nothing));
  EXPECT_EQ(first, join) << "its tag for the next hop has been written";
  EXPECT_EQ(record->joins(), 0U);
  record->open();  // as the missing Go does
  EXPECT_TRUE(record->take_join(join, stage.path.clock.mono, stage.path.clock.wall, nothing));
}

// R3: two middleboxes that act before all agree: one withholds its Ready from the server, the other passes JOIN and
// DATA on. The server, which has not said Go, uses nothing.
TEST(P2States, middleboxes_that_act_before_the_server_agrees_deliver_nothing) {
  Casting casting = cast(2);
  casting.twists[2] = withholding(MessageType::ready, slot(Side::server));
  casting.patient = {1, 2};
  Stage stage{std::move(casting)};
  stage.run();
  ASSERT_TRUE(stage.complete(0)) << "the client has all that it waits for";
  ASSERT_FALSE(stage.complete(stage.server()));
  for (const std::size_t m : {1U, 2U}) stage.path.record(m)->open();  // they behave as if both Go were in
  sim::Path::Session& session = stage.join();
  session.start();
  session.send(Side::client, "both", "account 12", 0);
  EXPECT_FALSE(session.chain.seen(2, Direction::c2s).empty()) << "the attack did not take place";
  EXPECT_TRUE(session.error(3)) << "the server took it";
  EXPECT_EQ(session.server().engine, nullptr);
  EXPECT_TRUE(session.server().notes.empty());
  stage.chain().run_until(stage.path.clock.mono + past_deadline);
  expect_nothing_stands(stage);
}

// R3, the other way: the server is complete, the client is not; a greeting server has nowhere to send it, since only a
// client joins.
TEST(P2States, a_client_that_lacks_a_ready_makes_no_join_though_the_server_is_complete) {
  Casting casting = cast(1);
  casting.twists[1] = withholding(MessageType::ready, slot(Side::client));
  casting.patient = {1};
  Stage stage{std::move(casting)};
  stage.run();
  ASSERT_TRUE(stage.complete(stage.server()));
  const auto nothing = [](const session::KeySource&) -> Result<> { return {}; };
  SessionNumber number{};
  EXPECT_FALSE(stage.path.record(0)->make_join(stage.path.clock.wall, number, nothing));
  stage.chain().run_until(stage.path.clock.mono + past_deadline);
  EXPECT_EQ(stage.fault(0), Fault::timeout);
  expect_nothing_stands(stage);
}

/// Frames that belong to no association's connection, or not to this state.
std::vector<Buffer> foreign_frames() {
  std::vector<Buffer> out;
  const Buffer body(60);
  for (const auto type : {wire::FrameType::data, wire::FrameType::redacted})
    out.push_back(wire::make_frame({type, 1, 0, 0}, body));
  out.push_back(wire::make_frame({wire::FrameType::join, 0, 0, 0}, Buffer(wire::join_body_octets)));
  out.push_back(wire::make_frame({wire::FrameType::announce, 0, 0, 0}, body));
  return out;
}

// HS-02: DATA, REDACTED, JOIN or ANNOUNCE among the frames of the agreement, at every moment: not used, not passed on.
TEST(P2States, data_among_the_frames_of_an_agreement_is_refused_by_the_next_party) {
  constexpr std::size_t n = 1;
  for (const Buffer& intruder : foreign_frames()) {
    for (std::size_t hop = 0; hop <= n; ++hop) {
      for (Direction d : both_directions) {
        for (std::size_t moment = 0; moment < 4; ++moment) {
          const std::size_t to = d == Direction::c2s ? hop + 1 : hop;
          SCOPED_TRACE(std::string{wire::name_of(type_of(intruder))} + " to " + std::to_string(to) + " at " +
                       std::to_string(moment));
          Stage stage{cast(n)};
          std::size_t seen = 0;
          stage.chain().tamper(hop, d, [&](Buffer frame, std::vector<Buffer>& out) {
            if (seen++ == moment) out.push_back(intruder);
            out.push_back(std::move(frame));
          });
          stage.run();
          // An ANNOUNCE may come from the server's side meanwhile, but not this one: p6 has those that are well-formed.
          const bool may_come = type_of(intruder) == wire::FrameType::announce && d == Direction::s2c;
          ASSERT_TRUE(stage.fault(to));
          EXPECT_EQ(alert_for(*stage.fault(to)), Alert::bad_frame) << stage.why(to);
          if (!may_come) {
            EXPECT_EQ(stage.fault(to), Fault::unexpected_frame) << stage.why(to);
          }
          for (std::size_t i = 0; i < stage.parties(); ++i) EXPECT_FALSE(stage.stands(i)) << stage.why(i);
          EXPECT_EQ(stage.frames(type_of(intruder)), 1U) << "it was passed on";
        }
      }
    }
  }
}

// §4: which CHANNEL frames belong on a hop; every other id and flag is refused there, and not passed on.
TEST(P2States, a_channel_frame_that_does_not_belong_on_the_hop_is_refused_by_the_next_party) {
  constexpr std::size_t n = 2;
  for (std::size_t hop = 0; hop <= n; ++hop) {
    for (Direction d : both_directions) {
      for (unsigned id = 0; id <= n + 2; ++id) {
        for (std::uint8_t flags = 0; flags < 2; ++flags) {
          const bool belongs = flags == 0 ? id == 0 || (id > hop && id <= n) : id >= 1 && id <= hop;
          if (belongs) continue;
          const std::size_t to = d == Direction::c2s ? hop + 1 : hop;
          SCOPED_TRACE("channel " + std::to_string(id) + " flags " + std::to_string(flags) + " to " +
                       std::to_string(to));
          Stage stage{cast(n)};
          bool done = false;
          stage.chain().tamper(hop, d, [&](Buffer frame, std::vector<Buffer>& out) {
            const bool hello = type_of(frame) == wire::FrameType::hello;
            out.push_back(std::move(frame));
            if (!std::exchange(done, done || !hello) && !hello) {
              out.push_back(
                  wire::make_frame({wire::FrameType::channel, static_cast<std::uint8_t>(id), flags, 0}, Buffer(9)));
            }
          });
          stage.run();
          EXPECT_EQ(stage.fault(to), Fault::unexpected_frame) << stage.why(to);
          expect_nothing_stands(stage);
        }
      }
    }
  }
}

TEST(P2States, an_empty_channel_frame_is_refused_by_the_next_party) {
  for (const std::uint8_t id : {std::uint8_t{0}, std::uint8_t{1}}) {
    Stage stage{cast(1)};
    bool done = false;
    stage.chain().tamper(0, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& out) {
      if (channel_of(frame) && !std::exchange(done, true))
        out.push_back(wire::make_frame({wire::FrameType::channel, id, 0, 0}, {}));
      out.push_back(std::move(frame));
    });
    stage.run();
    EXPECT_EQ(stage.fault(1), Fault::bad_value) << stage.why(1);
    expect_nothing_stands(stage);
  }
}

// A stranger's ALERT before any Hello: there is nobody yet whom it could concern.
TEST(P2States, an_alert_before_any_hello_is_not_passed_on) {
  Stage stage{cast(1)};
  stage.chain().inject(0, Direction::c2s, wire::make_alert_frame(0, Alert::internal_error));
  stage.chain().run();
  EXPECT_EQ(stage.fault(1), Fault::peer_alert);
  EXPECT_TRUE(stage.chain().seen(1, Direction::c2s).empty());
}

// DS-01: the server gives a silent client up. It says so in its channel with M1, which is up, and then in an ALERT
// frame; M1 has heard enough by then, and its client, with no channel to anybody, would hear nothing.
TEST(P2States, an_alert_in_a_channel_reaches_the_other_end_that_has_no_channel_yet) {
  Casting casting = cast(1);
  casting.server_setup = [](session::ServerAssociation::Options& options, session::EndpointChannels&) {
    options.handshake_deadline = std::chrono::seconds{1};
  };
  Stage stage{std::move(casting)};
  stage.chain().tamper(0, Direction::c2s, dropping([](Bytes frame) { return channel_of(frame).has_value(); }));
  stage.run_for(std::chrono::seconds{2});
  EXPECT_EQ(stage.fault(2), Fault::timeout) << stage.why(2);
  EXPECT_EQ(stage.fault(1), Fault::peer_alert) << stage.why(1);
  ASSERT_EQ(stage.fault(0), Fault::peer_alert) << stage.why(0);
  const auto& told = stage.path.client().peer_alert();
  EXPECT_EQ(told->alert, Alert::timeout);
  EXPECT_EQ(told->party, PartyIndex{2});
  EXPECT_FALSE(told->authenticated);
  const auto is_alert_frame = [](const Buffer& frame) { return type_of(frame) == wire::FrameType::alert; };
  EXPECT_EQ(std::ranges::count_if(stage.chain().seen(0, Direction::s2c), is_alert_frame), 1);
}

// --- HS-15: reflection, HS-18: replay
// ------------------------------------------------------------------------------------------

// HS-15: every frame that crosses a hop comes back to its sender. Either its own TLS channel refuses it, or it does not
// belong there; whatever was complete before is ended, and nobody takes it for the other side's.
class P2Reflection : public testing::TestWithParam<std::size_t> {};
TEST_P(P2Reflection, of_any_frame_is_noticed_and_ends_the_association) {
  const std::size_t hop = GetParam() / 2;
  const Direction d = both_directions[GetParam() % 2];
  constexpr std::size_t n = 1;
  std::size_t frames = 0;
  {
    Stage honest{cast(n)};
    honest.chain().split_randomly(false);
    honest.run();
    frames = honest.chain().seen(hop, d).size();
  }
  ASSERT_GE(frames, 4U);
  for (std::size_t which = 0; which < frames; ++which) {
    SCOPED_TRACE("frame " + std::to_string(which));
    Stage stage{cast(n)};
    stage.chain().split_randomly(false);
    std::size_t seen = 0;
    stage.chain().tamper(hop, d, [&](Buffer frame, std::vector<Buffer>& out) {
      if (seen++ == which) stage.chain().inject(hop, opposite(d), frame);
      out.push_back(std::move(frame));
    });
    stage.run();
    expect_nothing_stands(stage);
    std::size_t found = 0;
    for (std::size_t i = 0; i < stage.parties(); ++i) {
      ASSERT_TRUE(stage.fault(i)) << stage.why(i);
      const Fault fault = *stage.fault(i);
      EXPECT_TRUE(
          (std::set{Fault::tls_failed, Fault::unexpected_frame, Fault::peer_alert, Fault::connection_lost}.contains(
              fault)))
          << stage.why(i);
      found += fault == Fault::tls_failed || fault == Fault::unexpected_frame ? 1U : 0U;
    }
    EXPECT_GE(found, 1U);
  }
}
INSTANTIATE_TEST_SUITE_P(HopsAndWays, P2Reflection, testing::Range(std::size_t{0}, std::size_t{4}));

// HS-15: the JOIN of a session, and its data, back to the client.
TEST(P2States, a_join_that_comes_back_is_refused_by_the_client) {
  Stage stage{cast(1)};
  stage.run();
  sim::Path::Session& session = stage.join();
  session.chain.tamper(0, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& out) {
    session.chain.inject(0, Direction::s2c, frame);
    if (type_of(frame) != wire::FrameType::join) out.push_back(std::move(frame));
  });
  session.start();
  session.run();
  EXPECT_EQ(session.fault(0), Fault::unexpected_frame);
  EXPECT_TRUE(session.client().notes.empty());
}

/// Everything that the server of that association received.
std::vector<Buffer> received_by_server(Stage& stage) { return stage.chain().seen(stage.server() - 1, Direction::c2s); }
/// What the server answers reaches nobody who knows of it.
void play_to_server(Stage& stage, std::vector<Buffer> frames) {
  stage.chain().tamper(stage.server() - 1, Direction::s2c, dropping([](Bytes) { return true; }));
  for (const Buffer& frame : frames) stage.chain().inject(stage.server() - 1, Direction::c2s, frame);
}

// HS-18: everything that the server ever received, replayed to it: it answers a new handshake and gets no further;
// nothing is made.
TEST(P2States, a_replayed_association_gets_no_further_than_a_new_server_hello) {
  for (const bool only_after_finished : {false, true}) {
    Stage original{cast(1)};
    original.run();
    expect_agreed(original);
    for (std::size_t attempt = 0; attempt < 20; ++attempt) {
      Casting casting = cast(1);
      casting.spec.seed = 1000 + attempt;
      casting.server_setup = [&](session::ServerAssociation::Options& options, auto&) {
        options.answer_after_finished = only_after_finished;
      };
      Stage replay{std::move(casting)};
      play_to_server(replay, received_by_server(original));
      replay.chain().run();
      EXPECT_EQ(replay.fault(2), Fault::tls_failed) << replay.why(2);
      EXPECT_EQ(replay.path.record(2), nullptr);
      for (const Said& one : replay.said) EXPECT_EQ(one.type, MessageType::accept);
      // "option to answer only after Fin(e)": a stranger with an old Hello then learns nothing of the policy, not even
      // its length.
      EXPECT_EQ(replay.said.size(), only_after_finished ? 0U : 1U);
    }
  }
}

// HS-18: the first flight alone, and then silence.
TEST(P2States, a_replayed_hello_costs_the_server_ten_seconds_and_no_more) {
  Stage original{cast(0)};
  original.run();
  Stage replay{cast(0)};
  const TimePoint begin = replay.path.clock.mono;
  std::vector<Buffer> frames = received_by_server(original);
  frames.resize(2);  // HELLO and ClientHello
  play_to_server(replay, std::move(frames));
  replay.chain().run_until(begin + limits::handshake_deadline - 2ms);
  EXPECT_FALSE(replay.fault(1)) << replay.why(1);
  replay.chain().run_until(begin + past_deadline);
  EXPECT_EQ(replay.fault(1), Fault::timeout);
  EXPECT_EQ(replay.path.record(1), nullptr);
}

// DS-07: what canned octets are worth. A server and a middlebox answer a first flight with one flight of their own on
// each channel, whatever follows; docs/security.md publishes the figures.
TEST(P2States, octets_sent_to_peers_that_have_proved_nothing_are_bounded) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
    Stage original{cast(n)};
    original.run();
    Stage replay{cast(n)};
    std::vector<Buffer> frames = received_by_server(original);
    frames.resize(2 + n);  // HELLO and the ClientHellos
    std::size_t received = 0;
    for (const Buffer& frame : frames) received += frame.size();
    play_to_server(replay, std::move(frames));
    std::size_t answered = 0;
    replay.chain().tamper(replay.server() - 1, Direction::s2c,
                          [&](const Buffer& frame, std::vector<Buffer>&) { answered += frame.size(); });
    replay.chain().run();
    EXPECT_GT(answered, 0U);
    EXPECT_LE(answered, (n + 1) * 2048) << "of " << received << " octets received, " << n << " middleboxes";
    RecordProperty("received_" + std::to_string(n), std::to_string(received));
    RecordProperty("answered_" + std::to_string(n), std::to_string(answered));
  }
}

// --- time
// -----------------------------------------------------------------------------------------------------------------------

class P2RoundTrips : public testing::TestWithParam<std::size_t> {};

// §4: Describe and Accept come early, Confirm and Keys go at once: three round trips until everybody is complete, two
// for the client.
TEST_P(P2RoundTrips, of_an_agreement_are_at_most_three_however_many_middleboxes) {
  const std::size_t n = GetParam();
  Casting casting = cast(n);
  casting.spec.latency = 10ms;
  Stage stage{std::move(casting)};
  const TimePoint begin = stage.path.clock.mono;
  const Duration round_trip = 2 * (n + 1) * 10ms;
  stage.start();
  stage.chain().run_until(begin + 2 * round_trip);
  EXPECT_TRUE(stage.stands(0)) << stage.why(0);
  stage.chain().run_until(begin + 3 * round_trip);
  expect_agreed(stage);
  EXPECT_LE(stage.chain().last_arrival() - begin, 3 * round_trip);
}

// §7: and a session takes none: data in the first flight is at the server after the time of one way.
TEST_P(P2RoundTrips, of_a_join_are_none) {
  const std::size_t n = GetParam();
  Casting casting = cast(n);
  casting.spec.latency = 10ms;
  Stage stage{std::move(casting)};
  ASSERT_TRUE(stage.run());
  const TimePoint begin = stage.path.clock.mono;
  const Duration one_way = static_cast<std::int64_t>(n + 1) * 10ms;
  sim::Path::Session& session = stage.join();
  session.start();
  session.send(Side::client, "both", "at once", 0, true, false);
  session.chain.run_until(begin + one_way - 1ms);
  EXPECT_EQ(session.got(Side::server, "both", 0), "");
  session.chain.run_until(begin + one_way);
  EXPECT_EQ(session.got(Side::server, "both", 0), "at once");
}
INSTANTIATE_TEST_SUITE_P(Middleboxes, P2RoundTrips, testing::Values(0, 1, 2, 4, 8));

}  // namespace
}  // namespace louver::rogue::states
