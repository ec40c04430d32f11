#include "rogue/record_check.h"

/// P7: the network can't skip, swap or rejoin a party; colluding neighbours get no record past an inspector.
namespace louver::rogue::path_integrity {
namespace {

using session::Grant;
using session::Verdict;
using sim::grants_from;

const ContextId a{1};

/// Frames of a hop without the JOIN.
std::vector<Buffer> records_on(sim::Chain& chain, std::size_t hop, Direction direction) {
  std::vector<Buffer> out;
  for (const Buffer& frame : chain.seen(hop, direction)) {
    if (frame.front() != static_cast<std::byte>(wire::FrameType::join)) out.push_back(frame);
  }
  return out;
}

// HP-01
TEST(P7PathIntegrity, the_network_leads_records_past_a_middlebox_and_the_party_behind_refuses) {
  const auto path = established({.middleboxes = three, .profile = &single_traits});
  for (const Direction direction : both_directions) {
    for (std::size_t rank = 1; rank <= three; ++rank) {
      SCOPED_TRACE(std::string{name_of(direction)} + ", past rank " + std::to_string(rank));
      auto session = joined(*path);
      const bool up = direction == Direction::c2s;
      const std::size_t before = up ? rank - 1 : three + 1 - rank;
      const std::size_t behind = up ? rank : three - rank;
      session->chain.tamper(behind, direction, [&](Buffer, std::vector<Buffer>& on) {
        on.push_back(records_on(session->chain, before, direction).back());
      });
      session->send(side_from(direction), "a", "text", 0);
      expect_noticed(*session, at_rank(rank + 1, direction), Fault::hop_tag, Alert::bad_hop);
      EXPECT_EQ(session->got(side_to(direction), "a", 0), "");
    }
  }
}

// HP-01
TEST(P7PathIntegrity, a_join_that_skips_a_middlebox_is_refused_by_the_party_behind) {
  const auto path = established({.middleboxes = three, .profile = &single_traits});
  for (std::size_t skipped = 1; skipped <= three; ++skipped) {
    SCOPED_TRACE(skipped);
    auto session = path->join();
    session->chain.tamper(skipped, Direction::c2s, [&](Buffer, std::vector<Buffer>& on) {
      on.push_back(session->chain.seen(skipped - 1, Direction::c2s).front());
    });
    session->start();
    session->run();
    expect_noticed(*session, skipped + 1, Fault::join_hop_tag, Alert::bad_record);
  }
}

// HP-01
TEST(P7PathIntegrity, a_hop_joined_to_the_same_hop_of_another_session_is_refused) {
  const auto path = established({.middleboxes = three, .profile = &single_traits});
  for (const Direction direction : both_directions) {
    for (std::size_t hop = 0; hop <= three; ++hop) {
      SCOPED_TRACE(std::string{name_of(direction)} + ", hop " + std::to_string(hop));
      auto first = joined(*path);
      first->send(side_from(direction), "a", "text", 0);
      auto second = joined(*path);
      second->chain.tamper(hop, direction, [&](Buffer, std::vector<Buffer>& on) {
        on.push_back(records_on(first->chain, hop, direction).back());
      });
      second->send(side_from(direction), "a", "text", 0);
      expect_noticed(*second, direction == Direction::c2s ? hop + 1 : hop, Fault::hop_tag, Alert::bad_hop);
      EXPECT_EQ(second->got(side_to(direction), "a", 0), "");
    }
  }
}

// HP-01: the tag of another counter, or none
TEST(P7PathIntegrity, a_hop_tag_of_another_number_on_the_same_hop_is_refused) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits});
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1} << 32}) {
    auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
      if (arrival.index == 1) self.hop_seq(arrival.direction) = number;
      self.pass(std::move(arrival));
    });
    session->send(Side::client, "a", "one", 0, false);
    session->send(Side::client, "a", "two", 0, false);
    expect_noticed(*session, 2, Fault::hop_tag, Alert::bad_hop);
    EXPECT_EQ(text_of(session->server().notes), "one");
  }
}

// HP-01, HS-15: every frame goes back to whom it came from
TEST(P7PathIntegrity, a_record_that_is_reflected_to_its_sender_is_refused_there) {
  const auto path =
      established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M1: a=read; M2: a=write")});
  for (const Direction direction : both_directions) {
    for (std::size_t hop = 0; hop <= 2; ++hop) {
      SCOPED_TRACE(std::string{name_of(direction)} + ", hop " + std::to_string(hop));
      auto session = joined(*path);
      session->chain.tamper(hop, direction, [&](Buffer frame, std::vector<Buffer>& on) {
        if (frame.front() == static_cast<std::byte>(wire::FrameType::data))
          return session->chain.inject(hop, opposite(direction), frame);
        on.push_back(std::move(frame));
      });
      session->send(side_from(direction), "a", "text", 0);
      expect_noticed(*session, direction == Direction::c2s ? hop : hop + 1, Fault::hop_tag, Alert::bad_hop);
      EXPECT_EQ(session->got(side_from(direction), "a", 0), "");
    }
  }
}

TEST(P7PathIntegrity, a_join_that_is_reflected_to_its_sender_is_refused_there) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits});
  for (std::size_t hop = 0; hop <= 1; ++hop) {
    auto session = path->join();
    session->chain.tamper(hop, Direction::c2s, [&](Buffer frame, std::vector<Buffer>&) {
      session->chain.inject(hop, Direction::s2c, frame);
    });
    session->start();
    session->run();
    ASSERT_TRUE(session->error(hop));
    EXPECT_EQ(session->error(hop)->fault, Fault::unexpected_frame) << describe(*session->error(hop));
  }
}

// HP-02
TEST(P7PathIntegrity, a_join_of_one_path_on_the_connections_of_another_is_refused) {
  const auto path = established({.middleboxes = 2, .profile = &single_traits, .seed = 1});
  const auto other = established({.middleboxes = 2, .profile = &single_traits, .seed = 2});
  for (std::size_t hop = 0; hop <= 2; ++hop) {
    SCOPED_TRACE(hop);
    auto ours = joined(*path);
    auto theirs = other->join();
    theirs->chain.tamper(hop, Direction::c2s, [&](Buffer, std::vector<Buffer>& on) {
      on.push_back(ours->chain.seen(hop, Direction::c2s).front());
    });
    theirs->start();
    theirs->run();
    expect_noticed(*theirs, hop + 1, Fault::unknown_association, Alert::unknown_association);
  }
}

// HP-02: the same box stands in both paths and knows both associations
TEST(P7PathIntegrity, records_of_one_association_on_a_session_of_another_are_refused_by_a_box_that_is_in_both) {
  const auto path =
      established({.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=read"), .seed = 1});
  const auto other =
      established({.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=read"), .seed = 2});
  ASSERT_TRUE(other->table(1).add(path->record(1)));
  auto ours = joined(*path);
  ours->send(Side::client, "a", "ours", 0);
  auto theirs = joined(*other);
  theirs->chain.tamper(0, Direction::c2s, [&](Buffer, std::vector<Buffer>& on) {
    on.push_back(ours->chain.seen(0, Direction::c2s).back());
  });
  theirs->send(Side::client, "a", "theirs", 0);
  expect_noticed(*theirs, 1, Fault::hop_tag, Alert::bad_hop);
  EXPECT_TRUE(theirs->relay(1).handler.notes.empty());
  EXPECT_TRUE(theirs->server().notes.empty());
}

/// The two around the middle one, which lead records round it: the first keeps them back, the other puts them on.
class Bypass {
 public:
  explicit Bypass(Direction direction, bool redacts = false) : direction_(direction), redacts_(redacts) {}

  RogueRelay::Script first() {
    return [this](RogueRelay& self, Arrival arrival) {
      if (arrival.direction != direction_ || !on) return self.pass(std::move(arrival));
      if (redacts_)
        arrival.frame = self.forge().tombstone(*arrival.segment, self.forge().self(), arrival.exchange(), arrival.seq,
                                               arrival.header.length);
      round.push_back(std::move(arrival.frame));
    };
  }
  RogueRelay::Script last() {
    return [this](RogueRelay& self, Arrival arrival) {
      passed.push_back(arrival.frame);
      self.pass(std::move(arrival));
    };
  }
  bool on = false;
  std::vector<Buffer> round;   // what never came to the middle one
  std::vector<Buffer> passed;  // what came by the middle one, its slot filled

 private:
  Direction direction_;
  bool redacts_;
};

/// By rank: the colluding ones are first and third, the middle one has `middle`.
auto middle_grant(Grant middle, Grant first = Grant::none) {
  return [=](std::size_t m, std::string_view, Direction direction) {
    const std::size_t rank = session::rank_of(PartyIndex{static_cast<std::uint8_t>(m)}, direction, three);
    return rank == 1 ? first : rank == 2 ? middle : Grant::none;
  };
}

std::unique_ptr<sim::Path::Session> joined_round(sim::Path& path, Bypass& bypass, Direction direction) {
  return joined(path, [&](std::size_t party) -> std::unique_ptr<sim::Node> {
    if (party == at_rank(1, direction)) return std::make_unique<RogueRelay>(path.table(party), bypass.first());
    if (party == at_rank(3, direction)) return std::make_unique<RogueRelay>(path.table(party), bypass.last());
    return nullptr;
  });
}

// HP-03
TEST(P7PathIntegrity, two_colluding_neighbours_lead_a_record_round_an_inspector_and_the_end_refuses) {
  enum class Slot { empty, of_the_record_before, verify_tag, noise };
  for (const Grant middle : {Grant::inspect, Grant::redact}) {
    const auto path = established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(middle)});
    for (const Direction direction : both_directions) {
      for (const Slot with : {Slot::empty, Slot::of_the_record_before, Slot::verify_tag, Slot::noise}) {
        SCOPED_TRACE(std::string{name_of(middle)} + ", " + name_of(direction) + ", slot " +
                     std::to_string(static_cast<int>(with)));
        Bypass bypass{direction};
        auto session = joined_round(*path, bypass, direction);
        session->send(side_from(direction), "a", "seen|", 0, false);
        bypass.on = true;
        session->send(side_from(direction), "a", "hidden", 0, false);
        ASSERT_EQ(bypass.round.size(), 1U);
        const session::Segment& segment = rogue_at(*session, at_rank(3, direction)).forge().sent(a, direction);
        Buffer frame = bypass.round.front();
        session::DataView view = data_view(segment, frame);
        if (with == Slot::of_the_record_before)
          std::ranges::copy(data_view(segment, bypass.passed.front()).witness, view.witness.begin());
        if (with == Slot::verify_tag) std::ranges::copy(session::tag_slot(view.verify, 0), view.witness.begin());
        if (with == Slot::noise) path->random.fill(view.witness);
        rogue_at(*session, at_rank(3, direction)).put(direction, frame);
        let_speak(*session, at_rank(3, direction));
        expect_noticed(*session, at_rank(4, direction), Fault::witness_tag, Alert::bad_record);
        EXPECT_EQ(session->got(side_to(direction), "a", 0), "seen|");
        EXPECT_EQ(text_of(session->relay(2).handler.notes), "seen|");
      }
    }
  }
}

// HP-03: tombstones too
TEST(P7PathIntegrity, two_colluding_neighbours_lead_a_tombstone_round_an_inspector_and_the_end_refuses) {
  const auto path = established(
      {.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::inspect, Grant::redact)});
  for (const Direction direction : both_directions) {
    SCOPED_TRACE(name_of(direction));
    Bypass bypass{direction, true};
    auto session = joined_round(*path, bypass, direction);
    bypass.on = true;
    session->send(side_from(direction), "a", "removed", 0, false);
    ASSERT_EQ(bypass.round.size(), 1U);
    rogue_at(*session, at_rank(3, direction)).put(direction, bypass.round.front());
    let_speak(*session, at_rank(3, direction));
    expect_noticed(*session, at_rank(4, direction), Fault::witness_tag, Alert::bad_record);
    EXPECT_TRUE(session->relay(2).handler.notes.empty());
    EXPECT_EQ(session->got(side_to(direction), "a", 0), "");
  }
}

// HP-03: the sink that refuses may be a writer, which answers for what it writes
TEST(P7PathIntegrity, a_record_led_round_an_inspector_is_refused_by_the_writer_behind) {
  const auto path =
      established({.middleboxes = 4, .profile = &single_traits, .grants = grants_from("M2: a=inspect; M4: a=write")});
  Bypass bypass{Direction::c2s};
  auto session = joined(*path, [&](std::size_t party) -> std::unique_ptr<sim::Node> {
    if (party == 1) return std::make_unique<RogueRelay>(path->table(1), bypass.first());
    if (party == 3) return std::make_unique<RogueRelay>(path->table(3), bypass.last());
    return nullptr;
  });
  bypass.on = true;
  session->send(Side::client, "a", "hidden", 0, false);
  rogue_at(*session, 3).put(Direction::c2s, bypass.round.front());
  let_speak(*session, 3);
  expect_noticed(*session, 4, Fault::witness_tag, Alert::bad_record);
  EXPECT_TRUE(session->relay(4).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

// HP-03: a hostile sender and a box behind the inspector
TEST(P7PathIntegrity, a_hostile_client_gets_no_record_past_an_inspector_with_a_box_behind_it) {
  const auto path =
      established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::inspect)});
  auto session = joined_with_rogue(*path, 3, &RogueRelay::pass_on);
  const Forge of_client{*session->client().keys};
  rogue_at(*session, 3)
      .put(Direction::c2s, of_client.data(of_client.sent(a, Direction::c2s), {Exchange{0}, 0, 0, "past the scanner"}));
  let_speak(*session, 3);
  expect_noticed(*session, 4, Fault::witness_tag, Alert::bad_record);
  EXPECT_TRUE(session->server().notes.empty());
}

// HP-03, RC-04: of two inspectors each has its slot
TEST(P7PathIntegrity, a_record_that_passed_one_of_two_inspectors_does_not_pass_for_one_that_passed_both) {
  enum class With { first_slot_twice, swapped, first_empty, second_empty };
  const auto path = established(
      {.middleboxes = three, .profile = &single_traits, .grants = grants_from("M1: a=inspect; M2: a=redact")});
  for (const With with : {With::first_slot_twice, With::swapped, With::first_empty, With::second_empty}) {
    SCOPED_TRACE(static_cast<int>(with));
    auto session = joined_with_rogue(*path, 3, [&](RogueRelay& self, Arrival arrival) {
      const session::DataView view = data_view(*arrival.segment, arrival.frame);
      const MutableBytes first = session::tag_slot(view.witness, 0);
      const MutableBytes second = session::tag_slot(view.witness, 1);
      if (with == With::first_slot_twice) std::ranges::copy(first, second.begin());
      if (with == With::swapped) std::ranges::swap_ranges(first, second);
      if (with == With::first_empty) std::ranges::fill(first, std::byte{0});
      if (with == With::second_empty) std::ranges::fill(second, std::byte{0});
      self.pass(std::move(arrival));
    });
    session->send(Side::client, "a", "text", 0, false);
    expect_noticed(*session, 4, Fault::witness_tag, Alert::bad_record);
    EXPECT_TRUE(session->server().notes.empty());
  }
}

// HP-03: a slot that the inspector filled in another session, for the same sequence
TEST(P7PathIntegrity, the_inspectors_slot_of_another_session_does_not_pass_for_this_one) {
  const auto path =
      established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::inspect)});
  Buffer filled;
  auto first = joined_with_rogue(*path, 3, [&](RogueRelay& self, Arrival arrival) {
    filled = arrival.frame;
    self.pass(std::move(arrival));
  });
  first->send(Side::client, "a", "text", 0, false);
  auto second = joined_with_rogue(*path, 3, &RogueRelay::pass_on);
  const Forge of_client{*second->client().keys};
  const session::Segment& segment = of_client.sent(a, Direction::c2s);
  Buffer frame = of_client.data(segment, {Exchange{0}, 0, 0, "text"});
  std::ranges::copy(data_view(segment, filled).witness, data_view(segment, frame).witness.begin());
  rogue_at(*second, 3).put(Direction::c2s, frame);
  let_speak(*second, 3);
  expect_noticed(*second, 4, Fault::witness_tag, Alert::bad_record);
  EXPECT_TRUE(second->server().notes.empty());
}

// HP-03: a mere reader can be led round. The protocol says so (section 1, "weaker"), and so does this test: whoever
// must see everything is granted inspect.
TEST(P7PathIntegrity, two_colluding_neighbours_lead_a_record_round_a_mere_reader_and_nobody_notices_as_documented) {
  const auto path = established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::read)});
  for (const Direction direction : both_directions) {
    SCOPED_TRACE(name_of(direction));
    Bypass bypass{direction};
    auto session = joined_round(*path, bypass, direction);
    bypass.on = true;
    session->send(side_from(direction), "a", "hidden", 0, true);
    session->finish(side_from(direction));
    for (const Buffer& frame : bypass.round) rogue_at(*session, at_rank(3, direction)).put(direction, frame);
    let_speak(*session, at_rank(3, direction));
    expect_peace(*session);
    EXPECT_TRUE(session->relay(2).handler.notes.empty());
    EXPECT_EQ(session->got(side_to(direction), "a", 0), "hidden");
  }
}

// HP-03: but even so nobody passes for the author
TEST(P7PathIntegrity, two_colluding_neighbours_round_a_reader_still_change_nothing) {
  const auto path =
      established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::read, Grant::read)});
  Bypass bypass{Direction::c2s};
  auto session = joined_round(*path, bypass, Direction::c2s);
  bypass.on = true;
  session->send(Side::client, "a", std::string(64, 'x'), 0, false);
  const Forge& reader = rogue_at(*session, 1).forge();
  reader.collide(reader.received(a, Direction::c2s), bypass.round.front(), 0);
  rogue_at(*session, 3).put(Direction::c2s, bypass.round.front());
  let_speak(*session, 3);
  expect_noticed(*session, 4, Fault::verify_tag, Alert::bad_record);
  EXPECT_TRUE(session->server().notes.empty());
}

// HP-03: an inspector whose filter ends the session bears no witness for the record that it refused
TEST(P7PathIntegrity, a_record_that_the_inspector_stopped_does_not_get_on_by_another_way) {
  const auto path =
      established({.middleboxes = three, .profile = &single_traits, .grants = middle_grant(Grant::inspect)});
  Bypass bypass{Direction::c2s};
  auto session = joined_round(*path, bypass, Direction::c2s);
  session->relay(2).handler.act = [](const session::Part& part, Grant, session::PartSink*) -> Result<Verdict> {
    if (as_text(part.bytes) == "virus") return Error{Fault::blocked_by_policy, "found"};
    return Verdict::pass;
  };
  session->send(Side::client, "a", "clean|", 0, false);
  session->send(Side::client, "a", "virus", 0, false);
  expect_noticed(*session, 2, Fault::blocked_by_policy, Alert::blocked_by_policy);
  EXPECT_EQ(bypass.passed.size(), 1U);
  EXPECT_EQ(text_of(session->server().notes), "clean|");
}

}  // namespace
}  // namespace louver::rogue::path_integrity
