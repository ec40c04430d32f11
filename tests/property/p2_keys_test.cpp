#include "rogue/agreement_stage.h"
#include "session/items.h"

// P2, "and on who holds which key": lies in Keys (HS-13, KI-09) and in Ready (HS-05, HS-13).
namespace louver::rogue {
namespace {

using session::Grant;
using wire::MessageType;

/// Two contexts, a reader and writer among the grants: a client's Keys for M1 hold six items of four kinds.
Casting keys_cast() {
  Casting casting = cast(1);
  casting.spec.profile = &pair_traits;
  casting.spec.grants = sim::grants_from("M1: first=read, second=write");
  return casting;
}
constexpr std::size_t items_from_each_end = 6;

/// Secrets of every making: whole ones from either end, and halves, shared by up to three middleboxes.
Casting shared_cast() {
  Casting casting = cast(3);
  casting.spec.grants = sim::grants_from("M1: both=write; M2: both=redact; M3: both=write");
  return casting;
}

/// All secrets that the terms of this cast call for.
std::vector<session::Item> items_of(Casting casting) {
  Stage stage{std::move(casting)};
  stage.run();
  const auto record = stage.path.record(0);
  return *session::items_of(record->terms(), record->plan());
}

using Spoil = std::function<void(std::vector<wire::KeyItem>&)>;

Twist spoiling(Spoil spoil, std::size_t middlebox = 1) {
  return altering<wire::Keys>([spoil = std::move(spoil)](wire::Keys& keys) { spoil(keys.items.items); }, middlebox);
}

/// Both ends in turn hand out spoilt Keys; M1 must notice and be ready for nobody.
void expect_middlebox_refuses(const Spoil& spoil, std::set<Fault> faults,
                              const std::function<Casting()>& make = keys_cast) {
  for (const std::size_t rogue : {std::size_t{0}, std::size_t{2}}) {
    SCOPED_TRACE(rogue == 0 ? "from the client" : "from the server");
    Casting casting = make();
    casting.twists[rogue] = spoiling(spoil);
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 1, faults);
    EXPECT_TRUE(stage.nobody_said(MessageType::ready));
    EXPECT_EQ(stage.path.record(1), nullptr);
  }
}

wire::KeyItem copy_of(const wire::KeyItem& item) {
  return {item.name, {Secret<wire::PartKind>{item.part.secret.expose()}}};
}

// HS-13: all subsets of what an end has to hand out; only the whole makes a middlebox ready.
TEST(P2Keys, any_subset_of_the_items_but_all_of_them_is_noticed_by_the_middlebox) {
  for (unsigned mask = 0; mask + 1 < 1U << items_from_each_end; ++mask) {
    SCOPED_TRACE(mask);
    expect_middlebox_refuses(
        [mask](std::vector<wire::KeyItem>& items) {
          ASSERT_EQ(items.size(), items_from_each_end);
          std::vector<wire::KeyItem> some;
          for (std::size_t i = 0; i < items.size(); ++i) {
            if ((mask >> i & 1) != 0) some.push_back(std::move(items[i]));
          }
          items = std::move(some);
        },
        {Fault::items_differ});
  }
}

// HS-13
TEST(P2Keys, an_item_given_twice_is_noticed_by_the_middlebox) {
  for (std::size_t which = 0; which < items_from_each_end; ++which) {
    SCOPED_TRACE(which);
    expect_middlebox_refuses(
        [which](auto& items) {
          items.insert(items.begin() + static_cast<std::ptrdiff_t>(which), copy_of(items[which]));
        },
        {Fault::items_differ});
  }
}

// HS-13
TEST(P2Keys, items_out_of_order_are_noticed_by_the_middlebox) {
  for (std::size_t which = 0; which + 1 < items_from_each_end; ++which) {
    expect_middlebox_refuses([which](auto& items) { std::swap(items[which], items[which + 1]); },
                             {Fault::items_differ});
  }
}

// HS-13: wrong items: each field of each name changed.
TEST(P2Keys, an_item_under_another_name_is_noticed_by_the_middlebox) {
  for (std::size_t which = 0; which < items_from_each_end; ++which) {
    for (std::size_t field = 0; field < 6; ++field) {
      SCOPED_TRACE(std::to_string(which) + " field " + std::to_string(field));
      expect_middlebox_refuses(
          [&](auto& items) {
            wire::ItemName& n = items[which].name;
            std::uint8_t* fields[] = {&n.kind, &n.direction, &n.context, &n.from, &n.to, &n.verifier};
            *fields[field] ^= 1;
          },
          {Fault::items_differ});
    }
  }
}

// HS-13, KI-01: every secret of the association that is not this middlebox's, put among its items at its place in the
// order.
TEST(P2Keys, a_secret_that_its_grants_do_not_call_for_is_refused_by_the_middlebox) {
  for (const session::Item& surplus : items_of(keys_cast())) {
    if (surplus.held_by(PartyIndex{1})) continue;
    SCOPED_TRACE(wire::to_text(surplus.name));
    expect_middlebox_refuses(
        [&](auto& items) {
          const auto at = std::ranges::lower_bound(items, surplus.name, {}, &wire::KeyItem::name);
          items.insert(at, {surplus.name, {Secret<wire::PartKind>{std::size_t{32}}}});
        },
        {Fault::items_differ});
  }
}

// HS-13: every part exactly L octets.
TEST(P2Keys, a_part_of_another_length_is_noticed_by_the_middlebox) {
  const auto resize = [](std::size_t octets) -> Spoil {
    return [octets](auto& items) { items[2].part.secret = Secret<wire::PartKind>{octets}; };
  };
  for (const std::size_t octets : {33U, 47U, 48U}) expect_middlebox_refuses(resize(octets), {Fault::part_size});
  for (const std::size_t octets : {0U, 31U}) expect_middlebox_refuses(resize(octets), {Fault::length_out_of_bounds});
  const auto longer_suite = [] {
    Casting casting = keys_cast();
    casting.spec.suite = 0x1302;  // L = 48
    return casting;
  };
  for (const std::size_t octets : {32U, 47U})
    expect_middlebox_refuses(resize(octets), {Fault::part_size}, longer_suite);
}

std::size_t honest_holders(const session::Item& item, std::size_t rogue) {
  return static_cast<std::size_t>(std::ranges::count_if(item.holders, [&](PartyIndex p) { return raw(p) != rogue; }));
}

/// `rogue`, an end, gives one middlebox another secret of that name than its other holders have.
void expect_the_other_end_sees_through(const session::Item& item, std::size_t rogue, PartyIndex cheated) {
  SCOPED_TRACE("end " + std::to_string(rogue) + " cheats M" + std::to_string(raw(cheated)) + " of " +
               wire::to_text(item.name));
  Casting casting = shared_cast();
  casting.twists[rogue] = spoiling(
      [&](auto& items) {
        const auto at = std::ranges::find(items, item.name, &wire::KeyItem::name);
        ASSERT_NE(at, items.end());
        at->part.secret.fill()[0] ^= std::byte{1};
      },
      raw(cheated));
  Stage stage{std::move(casting)};
  for (std::size_t m = 1; m <= 3; ++m) stage.deafen(rogue, m);
  stage.run();
  expect_noticed(stage, rogue == 0 ? stage.server() : 0, Fault::digest_differs);
}

// KI-09: an endpoint hands a reader another key than the sink's, so that one ciphertext could be shown as two texts;
// and the same with every other secret, whole or half, that two honest parties share. The rogue end itself keeps
// silent.
TEST(P2Keys, a_secret_that_differs_between_two_of_its_holders_is_noticed_by_the_honest_end) {
  std::set<session::Making> seen;
  std::size_t attempts = 0;
  for (const session::Item& item : items_of(shared_cast())) {
    for (const std::size_t rogue : {std::size_t{0}, std::size_t{4}}) {
      if (!item.given_by(PartyIndex{static_cast<std::uint8_t>(rogue)}) || honest_holders(item, rogue) < 2) continue;
      for (PartyIndex cheated : item.holders) {
        if (raw(cheated) == 0 || raw(cheated) == 4) continue;
        expect_the_other_end_sees_through(item, rogue, cheated);
        seen.insert(item.making);
        ++attempts;
      }
    }
  }
  EXPECT_TRUE(seen.contains(session::Making::halves));
  EXPECT_GE(attempts, 20U);
}

// KI-09 where both ends hold the secret: the plain case of a reader between them, in both directions.
TEST(P2Keys, a_reader_given_another_key_than_the_receivers_is_noticed_by_the_receiver) {
  for (const std::size_t rogue : {std::size_t{0}, std::size_t{2}}) {
    const auto direction = rogue == 0 ? Direction::c2s : Direction::s2c;
    Casting casting = cast(1);
    casting.twists[rogue] = spoiling([direction](auto& items) {
      const auto at = std::ranges::find_if(
          items, [&](const wire::KeyItem& i) { return i.name.kind == 1 && i.name.direction == raw(direction); });
      ASSERT_NE(at, items.end());
      at->part.secret.fill()[31] ^= std::byte{0x80};
    });
    Stage stage{std::move(casting)};
    stage.deafen(rogue, 1);
    stage.run();
    expect_noticed(stage, rogue == 0 ? stage.server() : 0, Fault::digest_differs);
  }
}

using SpoilReady = std::function<void(wire::Ready&)>;

/// M1 lies to one end only. That end must notice; the other may have finished its part, but nothing stands, and no one
/// else did.
void expect_end_refuses(const SpoilReady& spoil, Fault fault, const std::function<Casting()>& make = keys_cast) {
  for (const Side lied_to : {Side::client, Side::server}) {
    SCOPED_TRACE(lied_to == Side::client ? "to the client" : "to the server");
    Casting casting = make();
    casting.twists[1] = altering<wire::Ready>(spoil, slot(lied_to));
    Stage stage{std::move(casting)};
    stage.run();
    const std::size_t who = lied_to == Side::client ? 0 : stage.server();
    expect_ended(stage, who, {fault});
    EXPECT_FALSE(stage.complete(who));
    EXPECT_EQ(stage.count(who, MessageType::go), 0U);
    for (std::size_t m = 1; m < stage.server(); ++m) EXPECT_FALSE(stage.complete(m));
  }
}

// HS-13: Ready with missing, surplus, doubled, renamed or disordered items.
TEST(P2Keys, a_ready_with_other_items_than_the_grants_call_for_is_noticed_by_each_end) {
  std::size_t count = 0;
  for (const session::Item& item : items_of(keys_cast())) count += item.held_by(PartyIndex{1}) ? 1 : 0;
  ASSERT_GE(count, 8U);
  expect_end_refuses([](wire::Ready& r) { r.items.items.clear(); }, Fault::items_differ);
  for (std::size_t which = 0; which < count; ++which) {
    SCOPED_TRACE(which);
    const auto at = static_cast<std::ptrdiff_t>(which);
    expect_end_refuses([at](wire::Ready& r) { r.items.items.erase(r.items.items.begin() + at); }, Fault::items_differ);
    expect_end_refuses(
        [at](wire::Ready& r) {
          r.items.items.insert(r.items.items.begin() + at, r.items.items[static_cast<std::size_t>(at)]);
        },
        Fault::items_differ);
    expect_end_refuses([which](wire::Ready& r) { r.items.items[which].name.kind ^= 1; }, Fault::items_differ);
    if (which > 0)
      expect_end_refuses([which](wire::Ready& r) { std::swap(r.items.items[which - 1], r.items.items[which]); },
                         Fault::items_differ);
  }
  expect_end_refuses([](wire::Ready& r) { r.items.items.push_back({{8, 1, 2, 2, 0, 255}, {}}); }, Fault::items_differ);
}

// HS-13, HS-11: a Ready for another manifest.
TEST(P2Keys, a_ready_for_another_manifest_is_noticed_by_each_end) {
  expect_end_refuses([](wire::Ready& r) { r.manifest_hash[31] ^= std::byte{1}; }, Fault::manifest_differs);
}

// HS-13: a false digest of every secret that the end knows, or that another middlebox answers for too.
TEST(P2Keys, a_false_digest_is_noticed_by_each_end_that_can_know_better) {
  const auto items = items_of(shared_cast());
  std::size_t attempts = 0;
  for (const session::Item& item : items) {
    if (!item.held_by(PartyIndex{1})) continue;
    for (const std::size_t end : {std::size_t{0}, std::size_t{4}}) {
      const PartyIndex self{static_cast<std::uint8_t>(end)};
      const bool fellow_holds =
          std::ranges::any_of(item.holders, [](PartyIndex p) { return raw(p) == 2 || raw(p) == 3; });
      if (!item.held_by(self) && !fellow_holds) continue;  // a lie to somebody who has no part in it
      SCOPED_TRACE(wire::to_text(item.name) + " to " + std::to_string(end));
      Casting casting = shared_cast();
      casting.twists[1] = altering<wire::Ready>(
          [&](wire::Ready& ready) {
            const auto at = std::ranges::find(ready.items.items, item.name, &wire::DigestItem::name);
            ASSERT_NE(at, ready.items.items.end());
            at->digest[0] ^= std::byte{1};
          },
          end == 0 ? 0 : 1);
      Stage stage{std::move(casting)};
      stage.run();
      expect_ended(stage, end, {Fault::digest_differs});
      EXPECT_FALSE(stage.complete(end));
      for (std::size_t m = 1; m <= 3; ++m) EXPECT_FALSE(stage.complete(m));
      ++attempts;
    }
  }
  EXPECT_GE(attempts, 10U);
}

/// Every middlebox keeps its Readys to itself and notes them.
struct HeldReadys {
  std::map<std::size_t, Message> by_party;
  Twist twist(std::size_t party) {
    return [this, party](Message message, std::vector<Message>& out) {
      if (message.type != MessageType::ready) {
        out.push_back(std::move(message));
      } else {
        by_party[party] = std::move(message);
      }
    };
  }
};

void say_now(Stage& stage, std::size_t middlebox, Message message) {
  sim::Node::Outputs out;
  auto& engine = dynamic_cast<RogueMiddlebox&>(stage.path.middlebox(middlebox));
  ASSERT_TRUE(engine.say_now(message, {out.to_client, out.to_server}));
  stage.chain().put(middlebox, out);
  stage.chain().run();
}

// HS-05: colluding middleboxes hand in each other's Ready, all pairs of three, to each end.
TEST(P2Keys, the_ready_of_a_fellow_is_noticed_by_each_end) {
  for (const Side end : {Side::client, Side::server}) {
    for (std::size_t a = 1; a <= 3; ++a) {
      for (std::size_t b = 1; b <= 3; ++b) {
        if (a == b) continue;
        HeldReadys held;
        Casting casting = cast(3);
        for (std::size_t m = 1; m <= 3; ++m) casting.twists[m] = held.twist(m);
        Stage stage{std::move(casting)};
        stage.run();
        ASSERT_EQ(held.by_party.size(), 3U);
        Message others = held.by_party[b];
        others.channel = slot(end);
        say_now(stage, a, std::move(others));
        expect_noticed(stage, end == Side::client ? 0 : stage.server(), Fault::items_differ);
      }
    }
  }
}

// HS-13, step 1: a middlebox without any grant has Keys, too, and its Ready is waited for.
TEST(P2Keys, a_middlebox_without_a_grant_that_is_not_ready_stops_both_ends) {
  Casting casting = cast(2);
  casting.spec.grants = sim::grants_from("M1: both=read");
  casting.twists[2] = withholding(MessageType::ready);
  Stage stage{std::move(casting)};
  EXPECT_FALSE(stage.run());
  for (const std::size_t end : {std::size_t{0}, stage.server()}) {
    EXPECT_EQ(stage.count(end, MessageType::keys), 2U);
    EXPECT_EQ(stage.count(end, MessageType::go), 0U);
  }
  expect_nothing_stands(stage);
}

}  // namespace
}  // namespace louver::rogue
