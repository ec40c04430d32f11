#include <set>

#include "crypto/expand_label.h"
#include "rogue/record_replica.h"

/// P8 and P3 rest on counters and keys: every key has one author and one use, every number is used once, epochs follow.
namespace louver::rogue::counters {
namespace {

using session::Grant;
using sim::grants_from;

const ContextId a{1};

// KI-07
TEST(P8Counters, records_pass_through_readers_and_writers_over_many_epochs) {
  for (const std::uint16_t suite : std::initializer_list<std::uint16_t>{0x1301, 0x1302, 0x1303}) {
    const auto path = established({.middleboxes = 2,
                                   .profile = &single_traits,
                                   .grants = grants_from("M1: a=read; M2: a=write"),
                                   .suite = suite,
                                   .counters = {.epoch_shift = 1}});
    auto session = joined(*path);
    std::string all;
    for (int i = 0; i < 21; ++i) {
      all += std::to_string(i);
      for (const Side side : {Side::client, Side::server}) session->send(side, "a", std::to_string(i), 0, false);
    }
    for (const Side side : {Side::client, Side::server}) session->finish(side);
    expect_peace(*session);
    EXPECT_EQ(session->got(Side::server, "a", 0), all);
    EXPECT_EQ(session->got(Side::client, "a", 0), all);
    EXPECT_TRUE(session->server().engine->received_end());
  }
}

// KI-07: "epoch = seq >> 22 not followed"
TEST(P8Counters, a_party_that_does_not_follow_the_epoch_opens_nothing_of_the_next) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .counters = {.epoch_shift = 2}});
  auto session = joined(*path, [&](std::size_t party) -> std::unique_ptr<sim::Node> {
    if (party != 2) return nullptr;
    return std::make_unique<sim::SessionServerNode>(path->table(2), single_traits);
  });
  for (int i = 0; i < 5; ++i) session->send(Side::client, "a", "x", 0, false);
  expect_noticed(*session, 2, Fault::aead_tag, Alert::bad_record);
  EXPECT_EQ(session->server().notes.octets(), 4U);
}

// KI-07: exactly at 2^22 records, by the formula of docs/protocol.md §5
TEST(P8Counters, the_next_epoch_begins_exactly_at_its_record_and_its_secret_follows_from_the_last) {
  const auto path = established({.middleboxes = 0, .profile = &single_traits});
  auto session = joined(*path);
  const session::KeySource& keys = *session->client().keys;
  const crypto::Suite& suite = keys.terms().suite();
  const wire::ItemName item =
      session::item_name(session::ItemKind::read, Direction::c2s, a, PartyIndex{0}, PartyIndex{1});
  const auto secret = keys.secret(item);
  const auto updated = crypto::expand_secret<struct NextKind>(suite, secret->expose(), "update", {});
  const auto twice = crypto::expand_secret<struct NextKind>(suite, updated.expose(), "update", {});
  const auto tag_by = [&](Bytes of) {
    return crypto::Aead{suite, crypto::Aead::Use::seal, of}.tag(crypto::Sequence{7}, {as_bytes("x")});
  };
  session::EpochKey key{suite, crypto::Aead::Use::seal, *keys.secret(item), limits::epoch_shift};
  const auto tag_at = [&](std::uint64_t seq) { return key.at(seq).tag(crypto::Sequence{7}, {as_bytes("x")}); };
  const std::uint64_t epoch = std::uint64_t{1} << 22;
  EXPECT_EQ(tag_at(0), tag_by(secret->expose()));
  EXPECT_EQ(tag_at(epoch - 1), tag_by(secret->expose()));
  EXPECT_EQ(tag_at(epoch), tag_by(updated.expose()));
  EXPECT_EQ(tag_at(2 * epoch - 1), tag_by(updated.expose()));
  EXPECT_EQ(tag_at(2 * epoch), tag_by(twice.expose()));
}

// KI-07: "counters end their session before 2^48"
TEST(P8Counters, a_counter_that_is_used_up_ends_the_session_at_the_sender_and_at_the_receiver) {
  static_assert(limits::sequence_end <= std::uint64_t{1} << 48);
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .counters = {.sequence_end = 3}});
  auto session = joined(*path);
  for (int i = 0; i < 3; ++i) session->send(Side::client, "a", "x", 0, false);
  expect_peace(*session);
  session->send(Side::client, "a", "one too many", 0, false);
  expect_noticed(*session, 0, Fault::sequence_exhausted, Alert::limit_exceeded);
  EXPECT_EQ(text_of(session->server().notes), "xxx");

  // A sender that goes on regardless.
  auto second = joined(*path);
  RogueEnd client{second->chain, *second->client().keys};
  for (int i = 0; i < 4; ++i) client.say(a, Exchange{0}, 0, "x");
  second->run();
  expect_noticed(*second, 1, Fault::sequence_exhausted, Alert::limit_exceeded);
  EXPECT_EQ(text_of(second->server().notes), "xxx");
}

/// Sessions of several associations with every kind of grant.
struct World {
  std::vector<std::unique_ptr<sim::Path>> paths;
  std::vector<std::unique_ptr<sim::Path::Session>> sessions;

  World() {
    for (const std::uint64_t seed : {1U, 2U}) {
      const auto grants = grants_from(
          "M1: head=read, body=redact, rbody=write; M2: head=inspect, body=read, rhead=redact; M3: cred=write, "
          "rbody=inspect");
      paths.push_back(established({.middleboxes = 3, .grants = grants, .seed = seed, .counters = {.epoch_shift = 2}}));
      for (int i = 0; i < 3; ++i) sessions.push_back(joined(*paths.back()));
    }
  }
};

// KI-08
TEST(P8Counters, no_two_uses_share_a_secret_whatever_item_session_or_association) {
  const World world;
  std::map<std::string, std::string> owner;  // secret -> item of a session
  std::size_t number = 0;
  for (const auto& session : world.sessions) {
    ++number;
    for (const session::KeySource& keys : all_keys(*session)) {
      const auto items = session::items_of(keys.terms(), keys.plan());
      ASSERT_TRUE(items);
      for (const session::Item& item : *items) {
        const auto secret = keys.secret(item.name);
        ASSERT_EQ(secret.has_value(), item.held_by(keys.self()));
        if (!secret) continue;
        const std::string name = std::to_string(number) + to_hex(session::octets_of(item.name));
        const auto [at, fresh] = owner.emplace(to_hex(secret->expose()), name);
        EXPECT_EQ(at->second, name);
        if (item.name.kind != static_cast<std::uint8_t>(session::ItemKind::read)) continue;
        auto epoch = crypto::expand_secret<struct EpochKind>(keys.terms().suite(), secret->expose(), "update", {});
        const auto [next, new_epoch] = owner.emplace(to_hex(epoch.expose()), name + " next epoch");
        EXPECT_EQ(next->second, name + " next epoch");
      }
    }
  }
  EXPECT_GT(owner.size(), 6U * 40U);
}

// KI-08, as it looks on the wire
TEST(P8Counters, the_same_plaintext_never_looks_the_same_and_no_tag_comes_twice) {
  World world;
  std::map<Buffer, std::string> ciphertexts;
  std::map<Buffer, std::string> hop_tags;
  std::size_t number = 0;
  for (const auto& session : world.sessions) {
    const std::string text(40, 'x');
    for (std::uint32_t n = 1; n <= 10; ++n) {
      for (const char* part : {"head", "cred", "body"}) session->send(Side::client, part, text, n, true, false);
      session->run();
      for (const char* part : {"rhead", "rcred", "rbody"}) session->send(Side::server, part, text, n, true, false);
      session->run();
    }
    ++number;
    for (std::size_t hop = 0; hop < 4; ++hop) {
      for (const Direction direction : both_directions) {
        const std::size_t rank = direction == Direction::c2s ? hop : 3 - hop;
        std::size_t index = 0;
        for (Buffer frame : session->chain.seen(hop, direction)) {
          if (frame.front() != static_cast<std::byte>(wire::FrameType::data)) continue;
          const session::Segment& segment = *session->client().keys->plan().segment_on_hop(
              ContextId{std::to_integer<std::uint8_t>(frame[1])}, direction, rank);
          const session::DataView view = data_view(segment, frame);
          const std::string where =
              std::to_string(number) + "/" + std::to_string(hop) + name_of(direction) + std::to_string(index++);
          const auto [at, fresh] = hop_tags.emplace(to_buffer(view.hop), where);
          EXPECT_TRUE(fresh) << where << " has the hop tag of " << at->second;
          if (rank != segment.author_rank || view.ciphertext.size() < 16)
            continue;  // forwarded octets are the same on every hop
          const auto [same, new_text] = ciphertexts.emplace(to_buffer(view.ciphertext), where);
          EXPECT_TRUE(new_text) << where << " looks like " << same->second;
          for (std::size_t i = 0; i < view.verify.size() / 16; ++i) {
            EXPECT_TRUE(hop_tags.emplace(to_buffer(session::tag_slot(view.verify, i)), where + " verify").second)
                << where;
          }
          EXPECT_TRUE(hop_tags.emplace(to_buffer(view.tag), where + " tag").second) << where;
        }
      }
    }
    expect_peace(*session);
  }
  EXPECT_GT(ciphertexts.size(), 400U);
  EXPECT_GT(hop_tags.size(), 1500U);
}

}  // namespace
}  // namespace louver::rogue::counters
