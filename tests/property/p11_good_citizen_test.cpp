#include "rogue/record_replica.h"

/// P11 where records are: everything is bounded, and what is too much or too long is refused in clear words.
namespace louver::rogue::good_citizen {
namespace {

using session::Grant;
using session::Part;
using session::Verdict;
using sim::grants_from;

const ContextId a{1};
constexpr std::uint8_t eom = wire::flag::eom;

Buffer header_alone(wire::FrameType type, std::uint8_t id, std::uint32_t length) {
  Buffer six(wire::header_octets);
  wire::write_header(six, {type, id, 0, length});
  return six;
}

// RC-08: from the header alone, and then silence
TEST(P11GoodCitizen, a_length_above_what_a_record_can_have_is_refused_from_its_header) {
  const auto path = established(
      {.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=inspect"), .max_record = 1024});
  auto session = joined(*path);
  const auto keys = all_keys(*session);
  const auto longest = static_cast<std::uint32_t>(keys[1].plan().longest_record());
  EXPECT_EQ(longest, 1024U + 4 + 16 * (1 + 2 + 1 + 1));
  for (const std::size_t party : {1U, 2U}) {
    for (const wire::FrameType type : {wire::FrameType::data, wire::FrameType::redacted}) {
      for (const std::uint32_t length :
           {longest + 1, std::uint32_t{1} << 16, static_cast<std::uint32_t>(wire::frame_length_most)}) {
        Replica one{keys[party], single_traits};
        EXPECT_FALSE(one.feed(Side::client, header_alone(type, 1, length)));
        EXPECT_EQ(name_of(one.error->fault), name_of(Fault::limit_exceeded));
      }
      Replica one{keys[party], single_traits};
      EXPECT_TRUE(one.feed(Side::client, header_alone(type, 1, longest))) << "this may still become one";
    }
  }
}

// RC-08
TEST(P11GoodCitizen, a_record_shorter_than_its_tags_is_refused_whatever_its_length) {
  const auto path = established(
      {.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=inspect"), .max_record = 1024});
  auto session = joined(*path);
  const auto keys = all_keys(*session);
  const std::uint32_t overhead = 4 + 16 * (1 + 2 + 1 + 1);
  for (const std::size_t party : {1U, 2U}) {
    for (std::uint32_t length = 0; length < overhead; ++length) {
      Replica one{keys[party], single_traits};
      EXPECT_FALSE(one.feed(Side::client, wire::make_frame({wire::FrameType::data, 1, eom, 0}, Buffer(length))));
      EXPECT_EQ(name_of(one.error->fault), name_of(Fault::record_length));
    }
    for (const std::uint8_t flags :
         {std::uint8_t{0}, wire::flag::pad}) {  // "without a plaintext octet and without EOM, FIN or PAD"
      Replica one{keys[party], single_traits};
      EXPECT_FALSE(one.feed(Side::client, wire::make_frame({wire::FrameType::data, 1, flags, 0}, Buffer(overhead))));
      EXPECT_EQ(name_of(one.error->fault), name_of(Fault::record_length));
    }
    for (std::uint32_t length = 0; length <= overhead; ++length) {
      Replica one{keys[party], single_traits};
      EXPECT_FALSE(one.feed(Side::client, wire::make_frame({wire::FrameType::redacted, 1, 0, 0}, Buffer(length))));
      EXPECT_NE(one.error->fault, Fault::hop_tag);
    }
  }
}

// RC-08: max_record, at, below and above; the party without any grant refuses as well
TEST(P11GoodCitizen, a_record_of_max_record_octets_passes_and_one_more_is_refused_by_the_first_party) {
  for (const std::uint32_t most : {std::uint32_t{1024}, std::uint32_t{65536}}) {
    for (const Grant grant : {Grant::none, Grant::read, Grant::write}) {
      const auto path = established({.middleboxes = 1,
                                     .profile = &plain_traits,
                                     .grants =
                                         [=](std::size_t, std::string_view context, Direction) {
                                           return context == "a" ? grant : Grant::inspect;  // others may be longer
                                         },
                                     .max_record = most});
      auto session = joined(*path);
      RogueEnd client{session->chain, *session->client().keys};
      client.say(a, Exchange{0}, 0, std::string(most - 1, 'x'));
      client.say(a, Exchange{0}, 0, std::string(most, 'y'));
      session->run();
      expect_peace(*session);
      EXPECT_EQ(session->server().notes.octets(), 2 * most - 1);
      client.say(a, Exchange{0}, 0, std::string(most + 1, 'z'));
      session->run();
      expect_noticed(*session, 1, Fault::record_length, Alert::bad_record);
      EXPECT_EQ(session->server().notes.octets(), 2 * most - 1);
    }
  }
}

// RC-10: there is no limit on their number: one octet costs its sender a frame, and nobody keeps anything of it.
TEST(P11GoodCitizen, a_flood_of_one_octet_records_is_carried_as_it_is) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=write")});
  auto session = joined(*path);
  RogueEnd client{session->chain, *session->client().keys};
  for (int i = 0; i < 3000; ++i) client.say(a, Exchange{0}, 0, "x");
  session->run();
  expect_peace(*session);
  EXPECT_EQ(session->server().notes.octets(), 3000U);
}

// RC-10: padding alone reaches nobody, and a writer does not pass it on: what it costs stays on the hop of whoever
// sends it.
TEST(P11GoodCitizen, a_flood_of_padding_ends_at_the_first_writer_and_is_shown_to_nobody) {
  const auto path =
      established({.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M1: a=read; M2: a=write")});
  auto session = joined(*path);
  RogueEnd client{session->chain, *session->client().keys};
  for (int i = 0; i < 3000; ++i) client.say(a, Exchange{0}, wire::flag::pad, std::string_view{"\0\0", 2});
  session->run();
  expect_peace(*session);
  EXPECT_TRUE(session->relay(1).handler.notes.empty());
  EXPECT_TRUE(session->relay(2).handler.notes.empty());
  EXPECT_TRUE(session->server().notes.empty());
  EXPECT_EQ(session->chain.seen(2, Direction::c2s).size(), 1U) << "the JOIN only";
}

/// A writer that keeps the first head until a second message of it comes.
sim::TestHandler::Act hold_first(ContextId context) {
  return [context, count = 0](const Part& part, Grant grant, session::PartSink* emit) mutable -> Result<Verdict> {
    if (grant != Grant::write || part.context != context) return Verdict::pass;
    if (++count == 1) return Verdict::hold;
    Part both = part;
    const std::string text = "held and " + std::string{as_text(part.bytes)};
    both.bytes = as_bytes(text);
    LOUVER_TRY(emit->on_part(both));
    return Verdict::replaced;
  };
}

struct Flood {
  const char* what;
  std::uint32_t max_record;
  std::size_t octets;  // of each record behind the one that is held
  std::size_t fit;     // so many may wait
};

// RC-10, limits of held frames: at, below and above
TEST(P11GoodCitizen, what_waits_behind_a_held_record_is_bounded_by_64_frames_and_one_mebibyte) {
  const Flood floods[] = {
      {"small frames", 1024, 1, limits::held_frames},
      {"long frames", 65536, 65536, limits::held_bytes / (65536 + wire::record_header_octets + 32)},
  };
  for (const Flood& flood : floods) {
    for (const bool too_many : {false, true}) {
      SCOPED_TRACE(std::string{flood.what} + (too_many ? ", one too many" : ", as many as may"));
      const auto path =
          established({.middleboxes = 1, .grants = grants_from("M1: head=write"), .max_record = flood.max_record});
      auto session = joined(*path);
      session->relay(1).handler.act = hold_first(path->context("head"));
      session->send(Side::client, "head", "first|", 1, false);
      RogueEnd client{session->chain, *session->client().keys};
      client.hop_seq = 1;
      client.next_seq(path->context("head")) = 1;
      const std::size_t count = flood.fit + (too_many ? 1 : 0);
      for (std::size_t i = 0; i < count; ++i)
        client.say(path->context("cred"), Exchange{1}, 0, std::string(flood.octets, 'c'));
      session->run();
      EXPECT_TRUE(session->server().notes.empty());
      if (too_many) {
        expect_noticed(*session, 1, Fault::limit_exceeded, Alert::limit_exceeded);
        continue;
      }
      expect_peace(*session);
      client.say(path->context("head"), Exchange{1}, eom, "second");
      session->run();
      expect_peace(*session);
      ASSERT_EQ(session->server().notes.seen.size(), count + 1);
      EXPECT_EQ(session->server().notes.seen.front().bytes, "held and second")
          << "nothing that came later goes out first";
      EXPECT_EQ(session->got(Side::server, "cred", 1).size(), count * flood.octets);
    }
  }
}

// R9: parts that overtake each other: no deadlock
TEST(P11GoodCitizen, a_head_behind_a_body_that_a_writer_holds_for_it_is_read_on_to) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: head=write, body=write")});
  auto session = joined(*path);
  bool head_came = false;
  session->relay(1).handler.act = [&, kept = std::string{}](const Part& part, Grant,
                                                            session::PartSink* emit) mutable -> Result<Verdict> {
    if (part.context == path->context("head")) {
      head_came = true;
      return Verdict::pass;
    }
    kept += as_text(part.bytes);
    if (!part.end) return Verdict::hold;
    Part whole = part;
    whole.bytes = as_bytes(kept);
    LOUVER_TRY(emit->on_part(whole));
    return Verdict::replaced;
  };
  session->send(Side::client, "body", "b1", 1, false);
  session->send(Side::client, "head", "h", 1);
  EXPECT_FALSE(head_came) << "it waits, it does not overtake";
  session->send(Side::client, "body", "b2", 1);
  expect_peace(*session);
  EXPECT_TRUE(head_came);
  EXPECT_EQ(session->got(Side::server, "body", 1), "b1b2");
  EXPECT_EQ(session->got(Side::server, "head", 1), "h");
}

// Idle deadline: each party by itself
TEST(P11GoodCitizen, a_session_in_which_nothing_moves_ends_at_its_idle_deadline_even_if_nothing_ever_came) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits});
  auto session = joined(*path);
  const Duration idle = std::chrono::seconds{60};
  const TimePoint start{std::chrono::hours{5}};
  const TimePoint just_before = start + idle - std::chrono::milliseconds{1};
  for (const session::KeySource& keys : all_keys(*session)) {
    SCOPED_TRACE(raw(keys.self()));
    const auto check = [&](const auto& engine) {
      ASSERT_TRUE(engine);
      EXPECT_EQ((*engine)->deadline(), start + idle);
      EXPECT_TRUE((*engine)->on_deadline(just_before));
      const auto over = (*engine)->on_deadline(start + idle);
      ASSERT_FALSE(over);
      EXPECT_EQ(name_of(over.error().fault), name_of(Fault::timeout));
    };
    if (keys.terms().is_endpoint(keys.self())) {
      check(session::EndpointSession::make(keys, single_traits, idle, start));
    } else {
      check(session::RelaySession::make(keys, single_traits, idle, start));
    }
  }
}

TEST(P11GoodCitizen, a_record_moves_the_idle_deadline_and_half_a_record_does_not_at_an_end) {
  const auto path = established({.middleboxes = 0, .profile = &single_traits, .idle = std::chrono::seconds{60}});
  auto session = joined(*path);
  for (int i = 0; i < 4; ++i) {
    session->chain.run_until(path->clock.mono + std::chrono::seconds{50});
    session->send(Side::client, "a", "x", 0, false);
    expect_peace(*session);
  }
  const TimePoint last = path->clock.mono;
  const Forge forge{*session->client().keys};
  Buffer frame = forge.data(forge.sent(a, Direction::c2s), {Exchange{0}, 4, 0, std::string(100, 'x')});
  forge.stamp(frame, Direction::c2s, 4);
  for (std::size_t i = 0; i < 7; ++i) {  // an octet every ten seconds
    session->chain.inject(0, Direction::c2s, Bytes{frame}.subspan(i, 1));
    session->chain.run_until(path->clock.mono + std::chrono::seconds{10});
  }
  EXPECT_TRUE(session->anyone_failed());
  EXPECT_EQ(path->clock.mono - last, std::chrono::seconds{70});
  EXPECT_EQ(text_of(session->server().notes), "xxxx");
}

/// (A session of a profile without exchanges was once ended as if a part of one were missing.)
TEST(P11GoodCitizen, a_message_without_a_number_may_last_longer_than_the_idle_deadline_while_it_moves) {
  const auto path = established({.middleboxes = 1, .profile = &sim::stream_traits, .idle = std::chrono::seconds{60}});
  auto session = joined(*path);
  for (int i = 0; i < 10; ++i) {
    session->send(Side::client, "up", "x", 0, false);
    session->send(Side::server, "down", "y", 0, false);
    session->chain.run_until(path->clock.mono + std::chrono::seconds{30});
    expect_peace(*session);
  }
  EXPECT_EQ(session->server().engine->complete_exchanges(), 0U);
}

/// As many contexts as there can be.
struct ManyContexts {
  std::vector<std::string> names;
  std::vector<session::ContextTraits> contexts;
  session::ProfileTraits traits;
  ManyContexts() {
    for (std::size_t i = 1; i <= limits::contexts; ++i) names.push_back("c" + std::to_string(i));
    for (const std::string& name : names) contexts.push_back({name, 3});
    traits = {"many/1", true, false, contexts};
  }
};

// DS-05
TEST(P11GoodCitizen, a_path_with_254_contexts_carries_all_of_them) {
  const ManyContexts many;
  const auto grants = [](std::size_t, std::string_view name, Direction) { return static_cast<Grant>(name.back() % 5); };
  const auto path = established({.middleboxes = 1, .profile = &many.traits, .grants = grants});
  auto session = joined(*path);
  for (const std::string& name : many.names) session->send(Side::client, name, name, 1, true, false);
  session->run();
  for (const std::string& name : many.names) session->send(Side::server, name, name + " back", 1, true, false);
  session->run();
  for (const Side side : {Side::client, Side::server}) session->finish(side);
  expect_peace(*session);
  for (const std::string& name : many.names) {
    EXPECT_EQ(session->got(Side::server, name, 1), name);
    EXPECT_EQ(session->got(Side::client, name, 1), name + " back");
  }
  EXPECT_TRUE(session->server().engine->received_end());
  EXPECT_TRUE(session->client().engine->received_end());
}

// RC-10: 254 messages open at once
TEST(P11GoodCitizen, a_message_may_be_open_in_each_of_254_contexts) {
  const ManyContexts many;
  const auto path = established({.middleboxes = 1, .profile = &many.traits});
  auto session = joined(*path);
  for (int round = 0; round < 3; ++round) {
    for (const std::string& name : many.names) session->send(Side::client, name, "x", 1, false, false);
  }
  session->run();
  expect_peace(*session);
  EXPECT_EQ(session->server().notes.octets(), 3U * limits::contexts);
}

struct Opening {
  const char* what;
  Buffer octets;
  Fault fault;
  Alert alert;
};

std::vector<Opening> openings() {
  const auto frame = [](wire::FrameType type, std::size_t octets) {
    return wire::make_frame({type, static_cast<std::uint8_t>(type == wire::FrameType::data ? 1 : 0), 0, 0},
                            Buffer(octets));
  };
  return {
      {"DATA", frame(wire::FrameType::data, 60), Fault::unexpected_frame, Alert::bad_frame},
      {"HELLO", frame(wire::FrameType::hello, 60), Fault::unexpected_frame, Alert::bad_frame},
      {"ALERT", wire::make_alert_frame(0, Alert::timeout), Fault::unexpected_frame, Alert::bad_frame},
      {"a JOIN that is too long", frame(wire::FrameType::join, wire::join_body_octets + 1), Fault::limit_exceeded,
       Alert::limit_exceeded},
      {"a JOIN that is too short", frame(wire::FrameType::join, wire::join_body_octets - 1), Fault::input_too_short,
       Alert::bad_frame},
      {"a JOIN of nobody", frame(wire::FrameType::join, wire::join_body_octets), Fault::unknown_association,
       Alert::unknown_association},
      {"TLS", to_buffer("\x16\x03\x01"), Fault::not_louver, Alert::bad_frame},
      {"HTTP", to_buffer("GET / HTTP/1.1\r\n"), Fault::not_louver, Alert::bad_frame},
      {"SSH", to_buffer("SSH-2.0-"), Fault::not_louver, Alert::bad_frame},
      {"noise", to_buffer("\xfe\xed"), Fault::unknown_frame_type, Alert::bad_frame},
  };
}

// DS-10, RC-08: nothing but a JOIN opens a session
TEST(P11GoodCitizen, a_connection_that_does_not_begin_with_a_join_gets_no_session) {
  for (const std::size_t middleboxes : {0U, 1U}) {
    const auto path = established({.middleboxes = middleboxes, .profile = &single_traits});
    for (const Opening& opening : openings()) {
      SCOPED_TRACE(opening.what);
      auto session = path->join();
      session->chain.inject(0, Direction::c2s, opening.octets);
      session->run();
      ASSERT_TRUE(session->error(1));
      EXPECT_EQ(name_of(session->error(1)->fault), name_of(opening.fault)) << describe(*session->error(1));
      EXPECT_EQ(name_of(alert_for(session->error(1)->fault)), name_of(opening.alert));
      EXPECT_EQ(session->server().engine, nullptr);
      EXPECT_EQ(path->record(1)->joins(), 0U);
    }
  }
}

}  // namespace
}  // namespace louver::rogue::good_citizen
