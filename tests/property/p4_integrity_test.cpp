#include "rogue/record_check.h"

/// P4: a change by anyone without the grant is detected by the next party that uses the data, before it uses it.
namespace louver::rogue::integrity {
namespace {

using session::Grant;
using sim::grants_from;

constexpr std::uint16_t every_suite[] = {0x1301, 0x1302, 0x1303};
const ContextId a{1};

/// RC-02: what somebody without write may try with a record, hop tags made anew and every key it holds used.
enum class Deed { change, insert, drop, copy, swap };
constexpr Deed every_deed[] = {Deed::change, Deed::insert, Deed::drop, Deed::copy, Deed::swap};

void change(RogueRelay& self, Arrival& arrival) {
  const auto& read = session::item_name(session::ItemKind::read, arrival.direction, arrival.context(),
                                        arrival.segment->author, arrival.segment->sink);
  if (self.forge().holds(read)) {
    self.forge().reencrypt(*arrival.segment, arrival.frame, arrival.seq, "evil");
  } else {
    arrival.frame[wire::record_header_octets] ^= std::byte{1};
  }
}

/// Does it to the second record of the direction.
RogueRelay::Script deed_script(Deed deed, Direction direction) {
  auto held = std::make_shared<std::optional<Arrival>>();
  return [=](RogueRelay& self, Arrival arrival) {
    if (arrival.direction != direction || arrival.index == 0) return self.pass(std::move(arrival));
    if (*held) {
      self.pass(std::move(arrival));
      self.pass(*std::exchange(*held, std::nullopt));
      return;
    }
    if (arrival.index != 1) return self.pass(std::move(arrival));
    switch (deed) {
      case Deed::change:
        change(self, arrival);
        return self.pass(std::move(arrival));
      case Deed::insert: {
        Arrival made = arrival;
        made.frame = self.forge().data(*arrival.segment, {Exchange{0}, arrival.seq, 0, "evil"});
        self.pass(std::move(made));
        return self.pass(std::move(arrival));
      }
      case Deed::drop:
        return;
      case Deed::copy:
        self.pass(arrival);
        return self.pass(std::move(arrival));
      case Deed::swap:
        *held = std::move(arrival);
        return;
    }
  };
}

struct Pair {
  Grant rogue, next;
};
class EveryPairOfGrants : public testing::TestWithParam<Pair> {};

// RC-02
TEST_P(EveryPairOfGrants, whatever_the_first_does_to_a_record_the_next_who_uses_it_refuses) {
  const auto grants = [](std::size_t m, std::string_view context, Direction direction) {
    if (context != "a") return Grant::none;
    return (m == 1) == (direction == Direction::c2s) ? GetParam().rogue : GetParam().next;
  };
  const auto path = established({.middleboxes = 2, .profile = &single_traits, .grants = grants});
  for (const Direction direction : both_directions) {
    const bool up = direction == Direction::c2s;
    const std::size_t rogue = up ? 1 : 2;
    const std::size_t next = up ? 2 : 1;
    const std::size_t sink = up ? 3 : 0;
    for (const Deed deed : every_deed) {
      SCOPED_TRACE(std::string{name_of(direction)} + ", deed " + std::to_string(static_cast<int>(deed)));
      auto session = joined_with_rogue(*path, rogue, deed_script(deed, direction));
      for (const char* text : {"one|", "two|", "three|", "four|"})
        session->send(side_from(direction), "a", text, 0, false, false);
      session->run();
      const bool reads = GetParam().next != Grant::none;
      const bool verifiers = session->client().keys->plan().segment_on_hop(a, direction, 1)->has_verifiers();
      expect_noticed(*session, reads ? next : sink, verifiers ? Fault::verify_tag : Fault::aead_tag, Alert::bad_record);
      const std::string before = deed == Deed::copy ? "one|two|" : "one|";
      if (reads) {
        EXPECT_EQ(text_of(session->relay(next).handler.notes), before);
      }
      EXPECT_EQ(session->got(opposite(side_from(direction)), "a", 0), before);
    }
  }
}

std::vector<Pair> every_pair() {
  std::vector<Pair> out;
  for (const Grant rogue : {Grant::none, Grant::read, Grant::inspect, Grant::redact}) {
    for (const Grant next : {Grant::none, Grant::read, Grant::inspect, Grant::redact, Grant::write})
      out.push_back({rogue, next});
  }
  return out;
}
INSTANTIATE_TEST_SUITE_P(P4Integrity, EveryPairOfGrants, testing::ValuesIn(every_pair()), [](const auto& one) {
  return std::string{name_of(one.param.rogue)} + "_before_" + std::string{name_of(one.param.next)};
});

struct Readers {
  std::uint16_t suite;
  std::size_t readers;
};
class ReadersInARow : public testing::TestWithParam<Readers> {};

// RC-03
TEST_P(ReadersInARow, one_makes_another_ciphertext_under_the_same_tag_and_the_next_verifier_refuses) {
  const std::size_t k = GetParam().readers;
  const auto path = established({.middleboxes = k,
                                 .profile = &single_traits,
                                 .grants = grants_on("a", GrantRow(k, Grant::read)),
                                 .suite = GetParam().suite});
  const std::string text(64, 'x');
  for (const Direction direction : both_directions) {
    for (std::size_t rogue = 1; rogue <= k; ++rogue) {
      SCOPED_TRACE(std::string{name_of(direction)} + ", rogue M" + std::to_string(rogue));
      bool collided = false;
      auto session = joined_with_rogue(*path, rogue, [&](RogueRelay& self, Arrival arrival) {
        if (arrival.direction == direction && arrival.index == 1) {
          self.forge().collide(*arrival.segment, arrival.frame, arrival.seq);
          // The attack is real: under the read key it opens, and to something else.
          collided = self.forge().peek(*arrival.segment, arrival.frame, arrival.seq) != text;
        }
        self.pass(std::move(arrival));
      });
      session->send(side_from(direction), "a", "before", 0, false);
      session->send(side_from(direction), "a", text, 0, false);
      ASSERT_TRUE(collided);
      const std::size_t next = direction == Direction::c2s ? rogue + 1 : rogue - 1;
      expect_noticed(*session, next, Fault::verify_tag, Alert::bad_record);
      if (next != 0 && next != k + 1) {
        EXPECT_EQ(text_of(session->relay(next).handler.notes), "before");
      }
      EXPECT_EQ(session->got(opposite(side_from(direction)), "a", 0), "before");
    }
  }
}

std::vector<Readers> suites_and_readers() {
  std::vector<Readers> out;
  for (const std::uint16_t suite : every_suite) {
    for (const std::size_t readers : {2U, 3U}) out.push_back({suite, readers});
  }
  return out;
}
INSTANTIATE_TEST_SUITE_P(P4Integrity, ReadersInARow, testing::ValuesIn(suites_and_readers()), [](const auto& one) {
  return "suite_" + std::to_string(one.param.suite) + "_" + std::to_string(one.param.readers) + "_readers";
});

// RC-03, with a lent key
TEST(P4Integrity, a_reader_lends_its_key_to_a_box_without_grant_and_the_reader_behind_refuses) {
  const auto path =
      established({.middleboxes = 3, .profile = &single_traits, .grants = grants_from("M1: a=read; M3: a=read")});
  const Forge* lent = nullptr;
  auto session = joined_with_rogue(*path, 2, [&](RogueRelay& self, Arrival arrival) {
    if (lent != nullptr) lent->collide(*arrival.segment, arrival.frame, arrival.seq);
    self.pass(std::move(arrival));
  });
  const Forge of_m1{*session->relay(1).keys};
  lent = &of_m1;
  session->send(Side::client, "a", std::string(80, 'y'), 0);
  expect_noticed(*session, 3, Fault::verify_tag, Alert::bad_record);
  EXPECT_EQ(text_of(session->relay(1).handler.notes), std::string(80, 'y'));
  EXPECT_TRUE(session->relay(3).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

struct HeaderLie {
  const char* what;
  std::size_t record;  // which of: content, content, end
  std::function<void(Buffer&)> act;
};

// RC-02, OR-04: an end forged or taken away, padding, another exchange, by a box that renews the hop tag
TEST(P4Integrity, a_header_that_a_middlebox_changes_is_refused_by_whoever_opens_the_record) {
  const auto flags = [](int value) { return [=](Buffer& frame) { frame[2] = static_cast<std::byte>(value); }; };
  const HeaderLie lies[] = {
      {"an end that was not said", 1, flags(wire::flag::eom)},
      {"padding that was not said", 1, flags(wire::flag::pad)},
      {"an end taken away", 2, flags(0)},
      {"another exchange", 1, [](Buffer& frame) { frame[wire::record_header_octets - 1] ^= std::byte{1}; }},
      {"another context", 1, [](Buffer& frame) { frame[1] = std::byte{2}; }},
  };
  for (const Grant rogue : {Grant::none, Grant::read}) {
    for (const Grant next : {Grant::none, Grant::read, Grant::write}) {
      const auto path = established({.middleboxes = 2,
                                     .profile = &plain_traits,
                                     .grants = [=](std::size_t m, std::string_view context, Direction) {
                                       return context == "c" ? Grant::none : m == 1 ? rogue : next;
                                     }});
      for (const HeaderLie& lie : lies) {
        SCOPED_TRACE(std::string{lie.what} + ": " + std::string{name_of(rogue)} + ", " + std::string{name_of(next)});
        auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
          if (arrival.index == lie.record) lie.act(arrival.frame);
          self.pass(std::move(arrival));
        });
        for (const char* text : {"one|", "two|"}) session->send(Side::client, "a", text, 0, false);
        session->send(Side::client, "a", "end", 0, true);
        const bool verifiers = session->client().keys->plan().segment_on_hop(a, Direction::c2s, 1)->has_verifiers();
        const std::string before = lie.record == 1 ? "one|" : "one|two|";
        expect_noticed(*session, next == Grant::none ? 3 : 2, verifiers ? Fault::verify_tag : Fault::aead_tag,
                       Alert::bad_record);
        EXPECT_EQ(text_of(session->server().notes), before);
        EXPECT_EQ(text_of(session->relay(2).handler.notes), next == Grant::none ? "" : before);
      }
    }
  }
}

/// RC-04: what a box without grant, before the inspector M2 and the server, does to the slots of the second record.
struct Slots {
  const char* what;
  std::size_t noticed_by;
  Fault fault;
  std::function<void(Buffer& frame, session::DataView view, const Buffer& before, session::DataView view_before)> act;
};

std::vector<Slots> slot_attacks() {
  const auto fill = [](MutableBytes to, Bytes from) { std::ranges::copy(from, to.begin()); };
  const auto zero = [](MutableBytes slot) { std::ranges::fill(slot, std::byte{0}); };
  return {
      {"the reader's tag is missing", 2, Fault::verify_tag,
       [=](auto&, auto view, auto&, auto) { zero(session::tag_slot(view.verify, 0)); }},
      {"the server's tag is missing", 3, Fault::verify_tag,
       [=](auto&, auto view, auto&, auto) { zero(session::tag_slot(view.verify, 1)); }},
      {"the two have changed places", 2, Fault::verify_tag,
       [](auto&, auto view, auto&, auto) {
         std::ranges::swap_ranges(session::tag_slot(view.verify, 0), session::tag_slot(view.verify, 1));
       }},
      {"the server's stands in both", 2, Fault::verify_tag,
       [=](auto&, auto view, auto&, auto) {
         fill(session::tag_slot(view.verify, 0), session::tag_slot(view.verify, 1));
       }},
      {"the tags are those of the record before", 2, Fault::verify_tag,
       [=](auto&, auto view, auto&, auto before) { fill(view.verify, before.verify); }},
      {"only the server's is that of the record before", 3, Fault::verify_tag,
       [=](auto&, auto view, auto&, auto before) {
         fill(session::tag_slot(view.verify, 1), session::tag_slot(before.verify, 1));
       }},
      {"a slot is gone", 2, Fault::record_length,
       [](auto& frame, auto, auto&, auto) {
         frame.erase(frame.end() - 32, frame.end() - 16);
         wire::write_u24(MutableBytes{frame}.subspan(3),
                         static_cast<std::uint32_t>(frame.size() - wire::header_octets));
       }},
      {"a slot too many", 2, Fault::verify_tag,
       [](auto& frame, auto, auto&, auto) {
         frame.insert(frame.end() - 32, 16, std::byte{0});
         wire::write_u24(MutableBytes{frame}.subspan(3),
                         static_cast<std::uint32_t>(frame.size() - wire::header_octets));
       }},
  };
}

// RC-04
TEST(P4Integrity, verify_tags_that_are_missing_moved_or_of_another_record_are_refused_by_whom_they_are_for) {
  const auto path = established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M2: a=inspect")});
  for (const Slots& attack : slot_attacks()) {
    SCOPED_TRACE(attack.what);
    Buffer before;
    auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
      if (arrival.index == 1)
        attack.act(arrival.frame, data_view(*arrival.segment, arrival.frame), before,
                   data_view(*arrival.segment, before));
      before = arrival.frame;
      self.pass(std::move(arrival));
    });
    for (const char* text : {"one", "two", "three"}) session->send(Side::client, "a", text, 0, false, false);
    session->run();
    expect_noticed(*session, attack.noticed_by, attack.fault, Alert::bad_record);
    EXPECT_EQ(text_of(session->relay(2).handler.notes), attack.noticed_by == 2 ? "one" : "onetwothree");
    EXPECT_EQ(text_of(session->server().notes), "one");
  }
}

// RC-07: what the frame itself shows to be wrong
TEST(P4Integrity, records_that_cannot_be_are_refused_by_the_next_party_whatever_its_grant) {
  struct Case {
    const char* what;
    Fault fault;
    Alert alert;
    std::function<void(Buffer&)> act;
  };
  const auto set = [](std::size_t at, int value) {
    return [=](Buffer& frame) { frame[at] = static_cast<std::byte>(value); };
  };
  std::vector<Case> cases = {
      {"a type that nobody knows", Fault::unknown_frame_type, Alert::bad_frame, set(0, 0x12)},
      {"HELLO in a session", Fault::unexpected_frame, Alert::bad_frame,
       [](Buffer& f) {
         f = wire::make_frame({wire::FrameType::hello, 0, 0, 0}, f);
       }},
      {"JOIN again", Fault::unexpected_frame, Alert::bad_frame,
       [](Buffer& f) {
         f = wire::make_frame({wire::FrameType::join, 0, 0, 0}, f);
       }},
      {"CHANNEL in a session", Fault::unexpected_frame, Alert::bad_frame,
       [](Buffer& f) {
         f = wire::make_frame({wire::FrameType::channel, 1, 0, 0}, f);
       }},
      {"ANNOUNCE in a session", Fault::unexpected_frame, Alert::bad_frame,
       [](Buffer& f) {
         f = wire::make_frame({wire::FrameType::announce, 0, 0, 0}, f);
       }},
      {"context 0", Fault::bad_value, Alert::bad_frame, set(1, 0)},
      {"context 255", Fault::bad_value, Alert::bad_frame, set(1, 255)},
      {"a context that is not in the Hello", Fault::record_context, Alert::bad_record, set(1, 9)},
      {"a context that has not this direction", Fault::record_context, Alert::bad_record, set(1, 2)},
  };
  for (const int bit : {2, 4, 5, 6, 7})
    cases.push_back({"a reserved flag", Fault::reserved_flags, Alert::bad_frame, set(2, 1 << bit)});
  for (const int flag : {wire::flag::eom, wire::flag::fin, wire::flag::pad})
    cases.push_back({"a flag that was not sent", Fault::hop_tag, Alert::bad_hop, set(2, flag)});

  const auto path =
      established({.middleboxes = 2, .profile = &sim::stream_traits, .grants = grants_from("M2: up=read")});
  for (const std::size_t hop : {0U, 1U, 2U}) {
    for (const Case& one : cases) {
      SCOPED_TRACE(std::string{one.what} + " on hop " + std::to_string(hop));
      auto session = joined(*path);
      session->send(Side::client, "up", "fine", 0, false);
      session->chain.tamper(hop, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& on) {
        one.act(frame);
        on.push_back(std::move(frame));
      });
      session->send(Side::client, "up", "changed", 0, false);
      session->send(Side::client, "up", "later", 0, false);
      expect_noticed(*session, hop + 1, one.fault, one.alert);
      EXPECT_EQ(text_of(session->server().notes), "fine");
      EXPECT_EQ(text_of(session->relay(2).handler.notes), hop == 2 ? "finechanged" : "fine");
    }
  }
}

// RC-07: a record by somebody who is no author there
TEST(P4Integrity, a_record_by_a_party_that_is_no_author_is_refused_even_with_the_hop_tag_right) {
  const auto path = established({.middleboxes = 2, .profile = &sim::stream_traits});
  auto session = joined_with_rogue(*path, 1, &RogueRelay::pass_on);
  RogueRelay& rogue = rogue_at(*session, 1);
  rogue.say(ContextId{1}, Direction::c2s, Exchange{0}, wire::flag::eom, "I am the client");
  let_speak(*session, 1);
  expect_noticed(*session, 3, Fault::aead_tag, Alert::bad_record);
  EXPECT_TRUE(session->server().notes.empty());
}

struct Padding {
  const char* what;
  std::string plaintext;
  std::uint8_t flags;
  std::optional<Fault> fault;
  std::string shown{};
};

std::vector<Padding> paddings() {
  using namespace std::string_literals;
  const std::uint8_t pad = wire::flag::pad;
  const std::uint8_t end = wire::flag::pad | wire::flag::eom;
  return {
      {"no zero at all", "text\0\0"s, pad, std::nullopt, "text"},
      {"three zeros", "text\0\0\0\0\3"s, pad, std::nullopt, "text"},
      {"all of it", std::string(300, '\0') + "\1\x2c"s, pad, std::nullopt, ""},
      {"an end that is padded", "\0\0\0\2"s, end, std::nullopt, ""},
      {"one zero more than there is", "\0\0\0\3"s, pad, Fault::record_padding},
      {"far more than there is", "text\0\0\xff\xff"s, pad, Fault::record_padding},
      {"more than there is, on an end", "\0\x10"s, end, Fault::record_padding},
      {"an octet that is not zero", "text\0\1\0\3"s, pad, Fault::record_padding},
      {"content of one octet", "\1\0\0\0\2"s, pad, std::nullopt, "\1"},
      {"its first octet not zero", "t\1\0\0\0\3"s, pad, Fault::record_padding},
      {"one octet alone", "\0"s, pad, Fault::record_length},
      {"nothing at all", "", end, Fault::record_length},
      {"beside FIN", "\0\0"s, wire::flag::pad | wire::flag::fin, Fault::fin_order},
  };
}

// RC-11
TEST(P4Integrity, padding_that_does_not_hold_is_refused_by_the_reader_and_by_the_server) {
  for (const bool reader : {false, true}) {
    const auto path = established(
        {.middleboxes = 1, .profile = &single_traits, .grants = grants_on("a", {reader ? Grant::read : Grant::none})});
    for (const Padding& one : paddings()) {
      SCOPED_TRACE(std::string{one.what} + (reader ? ", a reader between" : ""));
      auto session = joined(*path);
      RogueEnd client{session->chain, *session->client().keys};
      client.say(a, Exchange{0}, 0, "before|");
      client.say(a, Exchange{0}, one.flags, one.plaintext);
      session->run();
      if (one.fault) {
        const bool by_layout = *one.fault == Fault::record_length || *one.fault == Fault::fin_order;
        expect_noticed(*session, reader || by_layout ? 1 : 2, *one.fault, Alert::bad_record);
      } else {
        expect_peace(*session);
      }
      EXPECT_EQ(text_of(session->server().notes), "before|" + one.shown);
      if (reader) {
        EXPECT_EQ(text_of(session->relay(1).handler.notes), "before|" + one.shown);
      }
    }
  }
}

// RC-11: what is only padding is no content
TEST(P4Integrity, a_record_of_padding_alone_is_shown_to_nobody) {
  const auto path =
      established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M1: a=read; M2: a=write")});
  auto session = joined(*path);
  RogueEnd client{session->chain, *session->client().keys};
  client.say(a, Exchange{0}, wire::flag::pad, std::string(100, '\0') + std::string{"\0\x64", 2});
  session->run();
  expect_peace(*session);
  EXPECT_TRUE(session->relay(1).handler.notes.empty());
  EXPECT_TRUE(session->relay(2).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

// KI-11: the server reads what is on its way to M2, and speaks as M2
TEST(P4Integrity, the_servers_keys_neither_open_nor_make_a_record_of_the_segment_before_a_writer) {
  const auto path = established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M2: a=write")});
  const Forge* servers = nullptr;
  bool tried = false;
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    if (servers == nullptr || arrival.direction == Direction::s2c) return self.pass(std::move(arrival));
    EXPECT_TRUE(servers->peek(*arrival.segment, arrival.frame, arrival.seq).empty());
    for (const session::ItemKind kind : {session::ItemKind::read, session::ItemKind::hop}) {
      for (const PartyIndex to : {PartyIndex{1}, PartyIndex{2}}) {
        EXPECT_FALSE(servers->holds(session::item_name(
            kind, Direction::c2s, kind == session::ItemKind::hop ? ContextId{0} : a, PartyIndex{0}, to)));
      }
    }
    // With the key of the segment that ends at the server, on the hop before M2.
    tried = true;
    self.put(Direction::c2s, servers->data(servers->received(a, Direction::c2s),
                                           {Exchange{0}, arrival.seq, arrival.header.flags, "as the server likes"}));
  });
  const Forge of_server{*session->server().keys};
  servers = &of_server;
  session->send(Side::client, "a", "as the client said", 0);
  ASSERT_TRUE(tried);
  expect_noticed(*session, 2, Fault::aead_tag, Alert::bad_record);
  EXPECT_TRUE(session->relay(2).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
}

// KI-11: as the sink it holds the read key, and lends it to a box before the reader
TEST(P4Integrity, the_server_lends_its_read_key_to_a_box_before_a_reader_who_refuses) {
  for (const std::uint16_t suite : every_suite) {
    for (const bool collide : {false, true}) {
      SCOPED_TRACE(std::to_string(suite) + (collide ? " same tag" : " new tag"));
      const auto path = established({.middleboxes = 3,
                                     .profile = &single_traits,
                                     .grants = grants_from("M2: a=read; M3: a=inspect"),
                                     .suite = suite});
      const Forge* lent = nullptr;
      auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
        if (lent != nullptr && collide) lent->collide(*arrival.segment, arrival.frame, arrival.seq);
        if (lent != nullptr && !collide)
          lent->reencrypt(*arrival.segment, arrival.frame, arrival.seq, "what the scanner shall see");
        self.pass(std::move(arrival));
      });
      const Forge of_server{*session->server().keys};
      lent = &of_server;
      session->send(Side::client, "a", std::string(64, 'z'), 0);
      expect_noticed(*session, 2, Fault::verify_tag, Alert::bad_record);
      EXPECT_TRUE(session->relay(2).handler.notes.empty());
      EXPECT_TRUE(session->relay(3).handler.notes.empty());
      EXPECT_TRUE(session->server().notes.empty());
    }
  }
}

// KI-11: the client as M1
TEST(P4Integrity, the_clients_keys_make_no_record_that_the_server_takes_from_a_writer) {
  const auto path = established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M1: a=write")});
  const Forge* clients = nullptr;
  auto session = joined_with_rogue(*path, 2, [&](RogueRelay& self, Arrival arrival) {
    if (clients != nullptr)
      arrival.frame =
          clients->data(clients->sent(a, Direction::c2s), {Exchange{0}, arrival.seq, arrival.header.flags, "past M1"});
    self.pass(std::move(arrival));
  });
  const Forge of_client{*session->client().keys};
  clients = &of_client;
  session->send(Side::client, "a", "through M1", 0);
  expect_noticed(*session, 3, Fault::aead_tag, Alert::bad_record);
  EXPECT_EQ(text_of(session->relay(1).handler.notes), "through M1");
  EXPECT_TRUE(session->server().notes.empty());
}

// RC-12: whichever check of a record fails, the path hears the same octets, so nobody learns which it was. (That tags
// are compared in constant time is crypto/compare.h's; that nothing of a failed record goes on, every test above
// shows.)
TEST(P4Integrity, all_checks_of_a_record_end_in_the_same_alert) {
  const Buffer said = wire::make_alert_frame(2, Alert::bad_record);
  for (const Fault fault :
       {Fault::aead_tag, Fault::verify_tag, Fault::redact_tag, Fault::witness_tag, Fault::record_padding,
        Fault::record_exchange, Fault::record_order, Fault::record_length, Fault::record_context,
        Fault::record_redactor, Fault::record_after_fin, Fault::fin_order, Fault::join_end_tag, Fault::join_hop_tag}) {
    EXPECT_EQ(to_hex(wire::make_alert_frame(2, alert_for(fault))), to_hex(said)) << name_of(fault);
  }
}

}  // namespace
}  // namespace louver::rogue::integrity
