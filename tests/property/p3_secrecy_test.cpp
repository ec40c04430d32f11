#include "crypto/aead.h"
#include "rogue/agreement_stage.h"
#include "session/items.h"

// P3: each context is secret from everyone not granted it, with forward secrecy for each association (KI-02 at this
// level, KI-10).
namespace louver::rogue {
namespace {

using session::Grant;
using wire::MessageType;

const std::string secret_text = "the number of the account is 4711, and nobody else may read it";

/// The secrets of the first session that one end can make, by name.
std::map<wire::ItemName, Buffer> session_secrets(Stage& stage) {
  std::map<wire::ItemName, Buffer> out;
  const auto record = stage.path.record(0);
  const auto items = *session::items_of(record->terms(), record->plan());
  SessionNumber number{};
  const auto made = record->make_join(stage.path.clock.wall, number, [&](const session::KeySource& keys) -> Result<> {
    for (const session::Item& item : items) {
      if (const auto secret = keys.secret(item.name)) out[item.name] = to_buffer(secret->expose());
    }
    return {};
  });
  EXPECT_TRUE(made);
  return out;
}

/// Everything that crossed any hop of a chain, as the network has it.
std::string capture(sim::Chain& chain) {
  std::string out;
  for (std::size_t hop = 0; hop + 1 < chain.size(); ++hop) {
    for (Direction d : both_directions) {
      for (const Buffer& frame : chain.seen(hop, d)) out += as_text(frame);
    }
  }
  return out;
}

bool contains(const std::string& capture, Bytes octets) { return capture.find(as_text(octets)) != std::string::npos; }

session::Making making_of(const std::vector<session::Item>& items, const wire::ItemName& name) {
  return std::ranges::find(items, name, &session::Item::name)->making;
}

// Forward secrecy: two associations in which everything that we determine is equal (certificates, Hello, nonces, seeds,
// grants) have no secret from the end-to-end channel in common, not even their ids: these come from key exchanges that
// no long-term key opens.
TEST(P3Secrecy, associations_that_are_equal_in_all_but_their_key_exchanges_share_no_end_to_end_secret) {
  Stage a{cast(2)}, b{cast(2)};
  a.run();
  b.run();
  expect_agreed(a);
  expect_agreed(b);
  ASSERT_EQ(a.chain().seen(0, Direction::c2s).front(), b.chain().seen(0, Direction::c2s).front())
      << "the Hellos differ: not the test that is meant";
  EXPECT_NE(a.path.record(0)->id(), b.path.record(0)->id());
  const auto of_a = session_secrets(a), of_b = session_secrets(b);
  const auto items = *session::items_of(a.path.record(0)->terms(), a.path.record(0)->plan());
  std::size_t compared = 0;
  for (const auto& [name, secret] : of_a) {
    ASSERT_TRUE(of_b.contains(name));
    if (making_of(items, name) != session::Making::both_ends)
      continue;  // from the seed, which a test can make the same: see below
    EXPECT_NE(secret, of_b.at(name)) << wire::to_text(name);
    ++compared;
  }
  EXPECT_GE(compared, 5U);
}

// What an end makes alone comes from a seed that is drawn for each association: another draw, another secret; and
// nothing else goes in, so a predictable random source would be the end of it.
TEST(P3Secrecy, what_an_end_makes_alone_is_drawn_anew_for_each_association) {
  std::map<wire::ItemName, std::set<Buffer>> seen;
  std::size_t alone = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Casting casting = cast(2);
    casting.spec.grants = sim::grants_from("M1: both=write; M2: both=read");
    casting.spec.seed = seed;
    Stage stage{std::move(casting)};
    stage.run();
    const auto items = *session::items_of(stage.path.record(0)->terms(), stage.path.record(0)->plan());
    for (const auto& [name, secret] : session_secrets(stage)) {
      EXPECT_TRUE(seen[name].insert(secret).second) << wire::to_text(name);
      alone += making_of(items, name) == session::Making::client_alone ? 1U : 0U;
    }
  }
  EXPECT_GE(alone, 6U);
}

// KI-02: the capture holds no secret, no part of one, and no plaintext; neither the agreement's nor a session's.
TEST(P3Secrecy, no_key_and_no_plaintext_is_on_any_hop) {
  Casting casting = cast(2);
  casting.spec.grants = sim::grants_from("M1: both=write; M2: both=read");
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  const std::string agreement = capture(stage.chain());
  std::size_t parts = 0;
  for (const Said& said : stage.said) {
    EXPECT_FALSE(contains(agreement, said.body)) << "in clear: " << wire::name_of(said.type);
    if (said.type != MessageType::keys) continue;
    const auto keys = wire::decode<wire::Keys>(said.body);
    for (const wire::KeyItem& item : keys->items.items) {
      EXPECT_FALSE(contains(agreement, item.part.secret.expose())) << wire::to_text(item.name);
      ++parts;
    }
  }
  EXPECT_GE(parts, 15U);
  sim::Path::Session& session = stage.join();
  session.start();
  session.send(Side::client, "both", secret_text, 0);
  session.send(Side::server, "both", secret_text, 0);
  ASSERT_EQ(session.got(Side::server, "both", 0), secret_text);
  const std::string data = capture(session.chain);
  for (std::size_t i = 0; i + 8 <= secret_text.size(); ++i) {
    EXPECT_EQ(data.find(secret_text.substr(i, 8)), std::string::npos) << secret_text.substr(i, 8);
  }
  for (const auto& [name, secret] : session_secrets(stage)) EXPECT_FALSE(contains(data, secret)) << wire::to_text(name);
}

/// Tries one key on the records of a capture, as whoever holds it would: does it open any?
bool opens_a_record(const crypto::Suite& suite, Bytes secret, const std::vector<Buffer>& frames) {
  const crypto::Aead key{suite, crypto::Aead::Use::open, secret};
  for (const Buffer& frame : frames) {
    if (type_of(frame) != wire::FrameType::data) continue;
    const Bytes header = Bytes{frame}.first(wire::record_header_octets);
    const Bytes body = Bytes{frame}.subspan(wire::record_header_octets);
    for (std::size_t tags = 1; tags * 16 + 16 <= body.size(); ++tags) {  // some number of tags behind the ciphertext
      const Bytes sealed = body.first(body.size() - tags * 16);
      const Bytes ciphertext = sealed.first(sealed.size() - 16), tag = sealed.last(16);
      Buffer plaintext(ciphertext.size());
      for (std::uint64_t seq = 0; seq < 4; ++seq) {
        if (key.open(crypto::Sequence{seq}, header, ciphertext, tag, plaintext)) return true;
      }
    }
  }
  return false;
}

/// The session secrets that party has for session 1, of every name that the plan knows.
std::map<wire::ItemName, Buffer> secrets_at(Stage& stage, std::size_t party, Buffer& join) {
  std::map<wire::ItemName, Buffer> out;
  const auto record = stage.path.record(party);
  const auto items = *session::items_of(record->terms(), record->plan());
  const auto derive = [&](const session::KeySource& keys) -> Result<> {
    for (const session::Item& item : items) {
      if (const auto secret = keys.secret(item.name)) out[item.name] = to_buffer(secret->expose());
    }
    return {};
  };
  EXPECT_TRUE(record->take_join(join, stage.path.clock.mono, stage.path.clock.wall, derive));
  return out;
}

// P3: whatever a middlebox without a grant holds, its hop keys among it, opens no record that passes it; a reader's key
// does.
TEST(P3Secrecy, no_key_of_a_party_without_a_grant_opens_a_record) {
  for (const Grant grant : {Grant::none, Grant::read}) {
    Casting casting = cast(2);
    casting.spec.profile = &pair_traits;
    casting.spec.grants = [=](std::size_t m, std::string_view context, Direction) {
      if (m == 1) return context == "first" ? grant : Grant::write;  // it may well read the other context
      return Grant::read;
    };
    Stage stage{std::move(casting)};
    stage.run();
    expect_agreed(stage);
    // Session 1 by hand: its keys at M1 for us, its records from the client's own engine.
    const auto client = stage.path.record(0);
    SessionNumber number{};
    std::unique_ptr<session::EndpointSession> engine;
    Buffer join = *client->make_join(stage.path.clock.wall, number, [&](const session::KeySource& keys) -> Result<> {
      LOUVER_ASSIGN(engine, session::EndpointSession::make(keys, pair_traits, limits::idle_deadline));
      return {};
    });
    session::Outbound out;
    ASSERT_TRUE(engine->send({ContextId{1}, Direction::c2s, Exchange{0}, as_bytes(secret_text), true}, out,
                             stage.path.clock.mono));
    const std::vector<Buffer> frames = {out.flatten()};
    const auto held = secrets_at(stage, 1, join);
    EXPECT_GE(held.size(), 4U);
    bool opened = false;
    for (const auto& [name, secret] : held) opened = opened || opens_a_record(client->terms().suite(), secret, frames);
    EXPECT_EQ(opened, grant == Grant::read);
  }
}

// P3: what a middlebox that may not read is shown: nothing, while the reader beside it sees every octet.
TEST(P3Secrecy, a_filter_without_a_grant_is_shown_nothing) {
  Casting casting = cast(2);
  casting.spec.grants = sim::grants_from("M2: both=read");
  Stage stage{std::move(casting)};
  stage.run();
  sim::Path::Session& session = stage.join();
  session.start();
  session.send(Side::client, "both", secret_text, 0);
  session.send(Side::server, "both", secret_text, 0);
  EXPECT_EQ(session.got(Side::client, "both", 0), secret_text);
  EXPECT_TRUE(session.relay(1).handler.notes.empty());
  EXPECT_EQ(session.relay(2).handler.notes.octets(), 2 * secret_text.size());
}

// Sessions of one association: each has keys of its own, and the secrets of one open nothing of another.
TEST(P3Secrecy, sessions_of_one_association_share_no_key) {
  Stage stage{cast(1)};
  stage.run();
  std::set<Buffer> seen;
  std::size_t made = 0;
  for (int session = 0; session < 4; ++session) {
    for (const auto& [name, secret] : session_secrets(stage)) {
      EXPECT_TRUE(seen.insert(secret).second) << wire::to_text(name);
      ++made;
    }
  }
  EXPECT_GE(made, 16U);
}

// KI-10: after the end of an association its records keep no secret: neither an honest party nor a thief of its memory
// makes a key of it. Whatever ended it: a fault, a Close after its grace.
TEST(P3Secrecy, an_ended_association_makes_no_key_any_more) {
  const auto nothing = [](const session::KeySource&) -> Result<> { return {}; };
  Stage stage{cast(1)};
  stage.run();
  SessionNumber number{};
  Buffer join = *stage.path.record(0)->make_join(stage.path.clock.wall, number, nothing);  // good, but too late
  stage.chain().fail(0, Error{Fault::internal_error, "the client's process ends"});
  stage.chain().run();
  expect_nothing_stands(stage);
  for (std::size_t party = 0; party < 3; ++party) {
    const auto record = stage.path.record(party);
    EXPECT_EQ(record->state(), session::AssociationRecord::State::ended);
    if (party == 0) continue;
    bool derived = false;
    const auto taken = record->take_join(join, stage.path.clock.mono, stage.path.clock.wall,
                                         [&](const session::KeySource&) -> Result<> {
                                           derived = true;
                                           return {};
                                         });
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().fault, Fault::revoked);
    EXPECT_FALSE(derived);
  }
}

// KI-10: after the grace of a Close the secrets are gone even though the association's connections, and running
// sessions, live on.
TEST(P3Secrecy, a_closed_association_erases_its_secrets_after_the_grace) {
  Stage stage{cast(1)};
  stage.run();
  const auto nothing = [](const session::KeySource&) -> Result<> { return {}; };
  SessionNumber number{};
  Buffer join = *stage.path.record(0)->make_join(stage.path.clock.wall, number, nothing);
  sim::Node::Outputs out;
  ASSERT_TRUE(stage.path.client().close(0, wire::drain_by_themselves, stage.path.clock.now(), out.to_server));
  stage.chain().put(0, out);
  stage.chain().run_until(stage.path.clock.mono + limits::close_grace + std::chrono::seconds{1});
  for (const std::size_t party : {std::size_t{1}, std::size_t{2}}) {
    EXPECT_FALSE(stage.fault(party)) << stage.why(party);
    // The time of before, so that the secrets are all that it can lack.
    const auto taken = stage.path.record(party)->take_join(join, stage.path.clock.mono - std::chrono::seconds{11},
                                                           stage.path.clock.wall, nothing);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().fault, Fault::revoked);
  }
}

// KI-02, long-term keys: whoever has every certificate's private key, the whole capture and the seeds of our own random
// source still lacks what the association's secrets are made from; here: nothing deterministic in the engines yields
// them. The same private keys sign each handshake, and no two handshakes lead to the same session id.
TEST(P3Secrecy, the_same_long_term_keys_lead_to_another_session_each_time) {
  std::set<wire::Hash> ids;
  for (int run = 0; run < 5; ++run) {
    Stage stage{cast(1)};
    stage.run();
    const auto keys = std::ranges::find(stage.said, MessageType::keys, &Said::type);
    ASSERT_NE(keys, stage.said.end());
    EXPECT_TRUE(ids.insert(wire::decode<wire::Keys>(keys->body)->manifest.session_id).second);
  }
}

}  // namespace
}  // namespace louver::rogue
