#include "rogue/record_check.h"

/// P4 and P9 where somebody may redact: a tombstone says only what its redactor may say, and never makes a false end.
namespace louver::rogue::tombstones {
namespace {

using session::Grant;
using session::Verdict;
using sim::grants_from;

const ContextId a{1};
const ContextId b{2};

/// Grants by rank, so that a test reads the same in both directions: the first row is that of the middlebox that the
/// data meets first.
auto by_rank(GrantRow row) {
  return [row = std::move(row)](std::size_t m, std::string_view context, Direction direction) {
    const std::size_t rank = session::rank_of(PartyIndex{static_cast<std::uint8_t>(m)}, direction, row.size());
    return context == "a" ? row[rank - 1] : Grant::none;
  };
}
PartyIndex party(std::size_t index) { return PartyIndex{static_cast<std::uint8_t>(index)}; }

struct FalseTombstone {
  const char* what;
  std::size_t noticed_at;  // rank
  Fault fault;
  Alert alert;
  std::function<Buffer(const Forge& forge, const Arrival& original, Direction direction)> make;
};

Buffer honest_tombstone(const Forge& forge, const Arrival& original) {
  return forge.tombstone(*original.segment, forge.self(), original.exchange(), original.seq, original.header.length);
}

auto with_length(std::uint32_t length) {
  return [=](const Forge& forge, const Arrival& one, Direction) {
    return forge.tombstone(*one.segment, forge.self(), one.exchange(), one.seq, length);
  };
}
auto with_flags(std::uint8_t flags) {
  return [=](const Forge& forge, const Arrival& one, Direction) {
    Buffer frame = honest_tombstone(forge, one);
    frame[2] = static_cast<std::byte>(flags);
    return frame;
  };
}
auto naming_rank(std::size_t rank) {
  return [=](const Forge& forge, const Arrival& one, Direction direction) {
    return forge.tombstone(*one.segment, party(at_rank(rank, direction)), one.exchange(), one.seq, one.header.length);
  };
}
MutableBytes redact_slot(Buffer& frame, std::size_t index) {
  return session::tag_slot(MutableBytes{frame}.subspan(wire::record_header_octets + 4), index);
}

/// The redactor is first, then a reader, an inspector, the end.
std::vector<FalseTombstone> false_tombstones() {
  const auto overhead = static_cast<std::uint32_t>(wire::exchange_octets + 16 * (2 + 4 + 2));
  return {
      {"it ends the message", 2, Fault::reserved_flags, Alert::bad_frame, with_flags(wire::flag::eom)},
      {"it ends the flow", 2, Fault::reserved_flags, Alert::bad_frame, with_flags(wire::flag::fin)},
      {"it claims padding", 2, Fault::reserved_flags, Alert::bad_frame, with_flags(wire::flag::pad)},
      {"it stands for an empty record", 2, Fault::record_length, Alert::bad_record, with_length(overhead)},
      {"it stands for nothing", 2, Fault::record_length, Alert::bad_record, with_length(0)},
      {"it stands for more than max_record", 2, Fault::record_length, Alert::bad_record,
       with_length(overhead + limits::max_record_default + 1)},
      {"it names the client or server before", 2, Fault::record_redactor, Alert::bad_record, naming_rank(0)},
      {"it names the reader", 2, Fault::record_redactor, Alert::bad_record, naming_rank(2)},
      {"it names the inspector behind", 2, Fault::record_redactor, Alert::bad_record, naming_rank(3)},
      {"it names the end", 2, Fault::record_redactor, Alert::bad_record, naming_rank(4)},
      {"it names nobody", 2, Fault::record_redactor, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         frame[wire::record_header_octets] = std::byte{255};
         return frame;
       }},
      {"the reader's tag is missing", 2, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         std::ranges::fill(redact_slot(frame, 0), std::byte{0});
         return frame;
       }},
      {"the inspector's tag is missing", 3, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         std::ranges::fill(redact_slot(frame, 1), std::byte{0});
         return frame;
       }},
      {"the end's tag is missing", 4, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         std::ranges::fill(redact_slot(frame, 2), std::byte{0});
         return frame;
       }},
      {"two tags have changed places", 2, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         std::ranges::swap_ranges(redact_slot(frame, 0), redact_slot(frame, 1));
         return frame;
       }},
      {"its length was changed after the tags", 2, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         frame[wire::record_header_octets + 3] ^= std::byte{1};
         return frame;
       }},
      {"it is made for the record that comes next", 2, Fault::redact_tag, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         return forge.tombstone(*one.segment, forge.self(), one.exchange(), one.seq + 1, one.header.length);
       }},
      {"a slot is gone", 2, Fault::record_length, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         Buffer frame = honest_tombstone(forge, one);
         frame.resize(frame.size() - 16);
         wire::write_u24(MutableBytes{frame}.subspan(3),
                         static_cast<std::uint32_t>(frame.size() - wire::header_octets));
         return frame;
       }},
      {"its exchange is one that the profile has not", 4, Fault::record_exchange, Alert::bad_record,
       [](const Forge& forge, const Arrival& one, Direction) {
         return forge.tombstone(*one.segment, forge.self(), Exchange{7}, one.seq, one.header.length);
       }},
  };
}

// RC-06
TEST(P4Tombstones, a_redactor_cannot_say_more_with_one_than_that_it_removed_a_record) {
  const auto path = established({.middleboxes = three,
                                 .profile = &plain_traits,
                                 .grants = by_rank({Grant::redact, Grant::read, Grant::inspect})});
  for (const Direction direction : both_directions) {
    for (const FalseTombstone& attack : false_tombstones()) {
      SCOPED_TRACE(std::string{name_of(direction)} + ": " + attack.what);
      auto session = joined_with_rogue(*path, at_rank(1, direction), [&](RogueRelay& self, Arrival arrival) {
        if (arrival.direction != direction || arrival.index != 1) return self.pass(std::move(arrival));
        self.put(direction, attack.make(self.forge(), arrival, direction));
      });
      for (const char* text : {"one|", "two|", "three|"}) session->send(side_from(direction), "a", text, 0, false);
      expect_noticed(*session, at_rank(attack.noticed_at, direction), attack.fault, attack.alert);
      const auto seen = [&](std::size_t rank) {
        return text_of(session->relay(at_rank(rank, direction)).handler.notes);
      };
      EXPECT_EQ(seen(2), attack.noticed_at > 2 ? "one|[4]" : "one|");
      EXPECT_EQ(seen(3), attack.noticed_at > 3 ? "one|[4]" : "one|");
      EXPECT_EQ(session->got(side_to(direction), "a", 0), "one|");
    }
  }
}

// RC-06: "original length is shown as a claim"
TEST(P4Tombstones, the_length_that_one_states_is_its_redactors_claim) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::read, Grant::none})});
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    self.put(arrival.direction, self.forge().tombstone(*arrival.segment, PartyIndex{1}, arrival.exchange(), arrival.seq,
                                                       arrival.header.length + 1000));
  });
  session->send(Side::client, "a", "four", 0, false);
  expect_peace(*session);
  EXPECT_EQ(text_of(session->relay(2).handler.notes), "[1004]");
  EXPECT_EQ(text_of(session->server().notes), "[1004]");
}

// RC-06: foreign redactor
TEST(P4Tombstones, one_redactor_cannot_speak_for_another_before_it) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::redact, Grant::read})});
  auto session = joined_with_rogue(*path, 2, [&](RogueRelay& self, Arrival arrival) {
    self.put(arrival.direction, self.forge().tombstone(*arrival.segment, PartyIndex{1}, arrival.exchange(), arrival.seq,
                                                       arrival.header.length));
  });
  session->send(Side::client, "a", "text", 0, false);
  expect_noticed(*session, 3, Fault::redact_tag, Alert::bad_record);
  EXPECT_TRUE(session->relay(3).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

// RC-06: redactor behind the verifier, its keys lent to a box before it
TEST(P4Tombstones, one_by_a_redactor_that_stands_behind_the_reader_is_refused) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::none, Grant::read, Grant::redact})});
  const Forge* lent = nullptr;
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    self.put(arrival.direction,
             lent->tombstone(*arrival.segment, PartyIndex{3}, arrival.exchange(), arrival.seq, arrival.header.length));
  });
  const Forge of_m3{*session->relay(3).keys};
  lent = &of_m3;
  session->send(Side::client, "a", "text", 0, false);
  expect_noticed(*session, 2, Fault::record_redactor, Alert::bad_record);
  EXPECT_TRUE(session->relay(2).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

// RC-06: context without redact
TEST(P4Tombstones, one_on_a_context_that_nobody_may_redact_is_refused_by_every_party) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = grants_from("M1: a=redact, b=read; M2: b=read")});
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    Buffer frame = self.forge().tombstone(self.forge().received(a, arrival.direction), PartyIndex{1},
                                          arrival.exchange(), arrival.seq, arrival.header.length);
    frame[1] = static_cast<std::byte>(raw(b));
    self.put(arrival.direction, std::move(frame));
  });
  session->send(Side::client, "b", "text", 0, false);
  expect_noticed(*session, 2, Fault::record_redactor, Alert::bad_record);
  EXPECT_TRUE(session->relay(2).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

sim::TestHandler::Act redact_what_contains(std::string needle) {
  return [needle = std::move(needle)](const session::Part& part, Grant, session::PartSink*) -> Result<Verdict> {
    return as_text(part.bytes).find(needle) == std::string_view::npos ? Verdict::pass : Verdict::redact;
  };
}

// RC-06: body "DELETE FROM t" · " WHERE id=1"
TEST(P4Tombstones, who_reads_is_told_that_something_is_missing_and_by_whom_nothing_is_joined_over_it) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::read, Grant::write})});
  auto session = joined(*path);
  session->relay(1).handler.act = redact_what_contains("WHERE");
  session->send(Side::client, "a", "DELETE FROM t", 0, false);
  session->send(Side::client, "a", " WHERE id=1", 0, true);
  session->finish(Side::client);
  expect_peace(*session);
  EXPECT_EQ(text_of(session->relay(2).handler.notes), "DELETE FROM t[11]");
  EXPECT_EQ(text_of(session->relay(3).handler.notes), "DELETE FROM t[11]");
  EXPECT_EQ(session->got(Side::server, "a", 0), "DELETE FROM txxxxxxxxxxx");
  EXPECT_TRUE(session->server().notes.seen.back().end);
  EXPECT_TRUE(session->server().engine->received_end());
}

// RC-06: over another tombstone
TEST(P4Tombstones, an_honest_redactor_lets_anothers_pass_untouched) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::redact, Grant::read})});
  auto session = joined(*path);
  session->relay(1).handler.act = redact_what_contains("secret");
  session->relay(2).handler.act = [](const session::Part&, Grant, session::PartSink*) -> Result<Verdict> {
    return Verdict::redact;
  };
  session->send(Side::client, "a", "a secret", 0, false);
  expect_noticed(*session, 2, Fault::filter_failed, Alert::blocked_by_policy);
  EXPECT_TRUE(session->relay(3).handler.notes.empty());
}

// RC-06: a rogue that redacts twice says no more than that it would have redacted the record itself: that is its grant.
TEST(P4Tombstones, one_over_another_is_the_second_redactors_own_word_and_still_a_tombstone) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::redact, Grant::read})});
  auto session = joined_with_rogue(*path, 2, [&](RogueRelay& self, Arrival arrival) {
    if (arrival.header.type != wire::FrameType::redacted) return self.pass(std::move(arrival));
    const auto overhead = static_cast<std::uint32_t>(arrival.segment->data_overhead());
    self.put(arrival.direction,
             self.forge().tombstone(*arrival.segment, PartyIndex{2}, arrival.exchange(), arrival.seq, overhead + 3));
  });
  session->relay(1).handler.act = redact_what_contains("secret");
  session->send(Side::client, "a", "a secret", 0, false);
  expect_peace(*session);
  EXPECT_EQ(text_of(session->relay(3).handler.notes), "[3]");
  EXPECT_EQ(text_of(session->server().notes), "[3]");
}

// RC-06: changed by a box that may not, between redactor and reader, and between redactor and end
TEST(P4Tombstones, one_that_a_box_without_grant_changes_is_refused_by_whoever_reads_it) {
  for (const Grant behind : {Grant::none, Grant::read, Grant::inspect, Grant::write}) {
    SCOPED_TRACE(name_of(behind));
    const auto path = established(
        {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::none, behind})});
    auto session = joined_with_rogue(*path, 2, [&](RogueRelay& self, Arrival arrival) {
      if (arrival.header.type == wire::FrameType::redacted)
        arrival.frame[wire::record_header_octets + 2] ^= std::byte{1};
      self.pass(std::move(arrival));
    });
    session->relay(1).handler.act = redact_what_contains("secret");
    session->send(Side::client, "a", "open|", 0, false);
    session->send(Side::client, "a", "a secret", 0, false);
    expect_noticed(*session, behind == Grant::none ? 4 : 3, Fault::redact_tag, Alert::bad_record);
    if (behind != Grant::none) {
      EXPECT_EQ(text_of(session->relay(3).handler.notes), "open|");
    }
    EXPECT_EQ(text_of(session->server().notes), "open|");
  }
}

// RC-06, R2: a context with a redactor has a sequence of its own, so that a tombstone cannot fill another context's gap
TEST(P4Tombstones, one_put_where_another_contexts_record_stood_is_found_at_the_next_record_of_either) {
  enum class Next { same_context, other_context, end };
  for (const Grant reader : {Grant::none, Grant::read}) {
    for (const Next next : {Next::same_context, Next::other_context, Next::end}) {
      SCOPED_TRACE(std::string{name_of(reader)} + " " + std::to_string(static_cast<int>(next)));
      const auto path = established(
          {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, reader, Grant::none})});
      auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
        if (arrival.index != 1) return self.pass(std::move(arrival));
        const session::Segment& of_a = self.forge().received(a, arrival.direction);
        const auto length = static_cast<std::uint32_t>(of_a.data_overhead() + 4);
        self.put(arrival.direction, self.forge().tombstone(of_a, PartyIndex{1}, arrival.exchange(), 1, length));
      });
      session->send(Side::client, "a", "kept|", 0, false);
      session->send(Side::client, "b", "gone", 0, false);
      expect_peace(*session);
      if (next == Next::same_context) session->send(Side::client, "a", "later", 0, false);
      if (next == Next::other_context) session->send(Side::client, "b", "later", 0, false);
      if (next == Next::end) session->finish(Side::client);
      const bool on_a = next != Next::other_context;
      const std::size_t who = on_a && reader == Grant::read ? 2 : 4;
      expect_noticed(*session, who, on_a ? Fault::verify_tag : Fault::aead_tag, Alert::bad_record);
      EXPECT_EQ(text_of(session->server().notes), "kept|[4]");
      EXPECT_FALSE(session->server().engine->received_end());
    }
  }
}

// RC-06: a redactor that kills an end makes a truncation, never a false end
TEST(P4Tombstones, a_redactor_that_lies_an_empty_end_away_makes_the_message_incomplete) {
  const auto path = established(
      {.middleboxes = three, .profile = &plain_traits, .grants = by_rank({Grant::redact, Grant::read, Grant::none})});
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    if (!arrival.eom()) return self.pass(std::move(arrival));
    self.put(arrival.direction, self.forge().tombstone(*arrival.segment, PartyIndex{1}, arrival.exchange(), arrival.seq,
                                                       arrival.header.length + 9));
  });
  session->send(Side::client, "a", "text", 0, true);
  session->finish(Side::client);
  expect_peace(*session);
  EXPECT_EQ(text_of(session->server().notes), "text[9]");
  for (const sim::Seen& one : session->server().notes.seen) EXPECT_FALSE(one.end);
  EXPECT_TRUE(session->server().engine->received_end());
  EXPECT_TRUE(session->server().engine->ended_within_message());
}

struct ApartEnd {
  const char* what;
  GrantRow row;
  std::size_t rogue;  // passes what it should refuse; 0: nobody does
  std::size_t noticed_by;
};

// RC-06: EOM and content in one record, where somebody on the path could take both away at once
TEST(P4Tombstones, content_beside_an_end_is_refused_by_all_who_open_it_where_anybody_may_redact) {
  const std::vector<ApartEnd> cases = {
      {"the redactor", {Grant::redact, Grant::none, Grant::none}, 0, 1},
      {"a reader before it", {Grant::read, Grant::redact, Grant::none}, 0, 1},
      {"a reader behind it", {Grant::redact, Grant::read, Grant::none}, 1, 2},
      {"a writer before it", {Grant::write, Grant::redact, Grant::none}, 0, 1},
      {"the end", {Grant::none, Grant::redact, Grant::none}, 2, 4},
  };
  for (const ApartEnd& one : cases) {
    for (const bool padded : {false, true}) {
      SCOPED_TRACE(std::string{one.what} + (padded ? ", padded" : ""));
      const auto path = established({.middleboxes = three, .profile = &single_traits, .grants = by_rank(one.row)});
      auto session = one.rogue == 0 ? joined(*path) : joined_with_rogue(*path, one.rogue, &RogueRelay::pass_on);
      RogueEnd client{session->chain, *session->client().keys};
      client.say(a, Exchange{0}, 0, "before|");
      const std::uint8_t flags = wire::flag::eom | (padded ? wire::flag::pad : 0);
      client.say(a, Exchange{0}, flags, std::string{"content"} + (padded ? std::string(2, '\0') : ""));
      session->run();
      expect_noticed(*session, one.noticed_by, Fault::record_order, Alert::bad_record);
      EXPECT_EQ(text_of(session->server().notes), "before|");
      if (one.noticed_by != 4) {
        EXPECT_EQ(text_of(session->relay(one.noticed_by).handler.notes), "before|");
      }
    }
  }
}

TEST(P4Tombstones, an_end_apart_may_be_padded) {
  const auto path = established(
      {.middleboxes = three, .profile = &single_traits, .grants = by_rank({Grant::redact, Grant::read, Grant::none})});
  auto session = joined(*path);
  RogueEnd client{session->chain, *session->client().keys};
  client.say(a, Exchange{0}, 0, "content");
  client.say(a, Exchange{0}, wire::flag::eom | wire::flag::pad, std::string{"\0\0\0\2", 4});
  client.say(a, Exchange{0}, wire::flag::fin, "");
  session->run();
  expect_peace(*session);
  EXPECT_EQ(text_of(session->server().notes), "content");
  EXPECT_TRUE(session->server().notes.seen.back().end);
  EXPECT_TRUE(session->server().engine->received_end());
}

}  // namespace
}  // namespace louver::rogue::tombstones
