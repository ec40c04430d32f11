#include "rogue/record_replica.h"

/// P8: records of one flow cannot be dropped, replayed, reordered, reflected or spliced; a cut-off stream is told from
/// an ended one.
namespace louver::rogue::order {
namespace {

using session::Grant;
using sim::grants_from;

const ContextId a{1};
constexpr std::size_t records = 20;

/// A session of twenty records and a FIN, as it was on every hop, with the keys of all.
struct Recorded {
  explicit Recorded(sim::PathSpec spec) : path(established(std::move(spec))), session(joined(*path)) {
    for (std::size_t i = 0; i < records; ++i) session->send(Side::client, "a", label(i), 0, i % 3 == 2, false);
    session->finish(Side::client);
    expect_peace(*session);
    keys = all_keys(*session);
    for (std::size_t hop = 0; hop + 1 < keys.size(); ++hop) {
      const auto& seen = session->chain.seen(hop, Direction::c2s);
      frames.emplace_back(seen.begin() + 1, seen.end());  // without the JOIN
    }
  }
  static std::string label(std::size_t i) { return std::to_string(i) + "|"; }
  static std::string labels(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += label(i);
    return out;
  }
  Replica party(std::size_t index) const { return Replica{keys[index], *path->spec.profile}; }

  std::unique_ptr<sim::Path> path;
  std::unique_ptr<sim::Path::Session> session;
  std::vector<session::KeySource> keys;
  std::vector<std::vector<Buffer>> frames;  // by hop
};

struct Disorder {
  const char* what;
  std::function<void(std::vector<Buffer>& frames, std::size_t at)> act;
  std::size_t shown_more;  // records at and behind the place that are still in order
};
const Disorder disorders[] = {
    {"drop", [](auto& frames, std::size_t at) { frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at)); }, 0},
    {"copy",
     [](auto& frames, std::size_t at) {
       frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at), Buffer{frames[at]});
     },
     1},
    {"swap", [](auto& frames, std::size_t at) { std::swap(frames[at], frames[at + 1]); }, 0},
    {"delay",
     [](auto& frames, std::size_t at) {
       Buffer one = std::move(frames[at]);
       frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
       frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(std::min(at + 5, frames.size())), std::move(one));
     },
     0},
    {"bring back the first",
     [](auto& frames, std::size_t at) {
       frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at + 1), Buffer{frames[0]});
     },
     1},
};

// OR-01
TEST(P8Order, the_network_drops_copies_swaps_or_delays_a_record_and_the_next_party_notices) {
  const Recorded recorded{
      {.middleboxes = 2, .profile = &single_traits, .grants = grants_from("M1: a=read; M2: a=inspect")}};
  for (std::size_t hop = 0; hop < 3; ++hop) {
    for (const Disorder& disorder : disorders) {
      for (std::size_t at = 0; at < records; ++at) {
        SCOPED_TRACE(std::string{disorder.what} + " of record " + std::to_string(at) + " on hop " +
                     std::to_string(hop));
        std::vector<Buffer> frames = recorded.frames[hop];
        disorder.act(frames, at);
        Replica party = recorded.party(hop + 1);
        EXPECT_FALSE(party.feed(Side::client, frames));
        ASSERT_TRUE(party.error);
        EXPECT_EQ(name_of(party.error->fault), name_of(Fault::hop_tag));
        EXPECT_EQ(text_of(party.handler.notes), Recorded::labels(at + disorder.shown_more));
      }
    }
  }
}

// OR-01, all the way: who says so, and to whom
TEST(P8Order, a_record_lost_on_a_hop_is_reported_by_the_next_party_to_both_ends) {
  const auto path = established({.middleboxes = 2, .profile = &single_traits});
  for (std::size_t hop = 0; hop < 3; ++hop) {
    auto session = joined(*path);
    std::size_t count = 0;
    session->chain.tamper(hop, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& on) {
      if (count++ != 1) on.push_back(std::move(frame));
    });
    for (const char* text : {"one", "two", "three"}) session->send(Side::client, "a", text, 0, false);
    expect_noticed(*session, hop + 1, Fault::hop_tag, Alert::bad_hop);
    EXPECT_EQ(text_of(session->server().notes), "one");
  }
}

/// Hop tags as the sender of a hop would make them, so that the hop itself has no gap.
std::vector<Buffer> with_tags_of(const session::KeySource& sender, std::vector<Buffer> frames) {
  const Forge forge{sender};
  for (std::size_t i = 0; i < frames.size(); ++i) forge.stamp(frames[i], Direction::c2s, i);
  return frames;
}

// OR-02: "sequence numbers stuck at 0" would let the copy pass
TEST(P8Order, a_middlebox_that_renews_hop_tags_drops_copies_swaps_or_delays_and_whoever_opens_notices) {
  for (const bool reader : {false, true}) {
    const Recorded recorded{
        {.middleboxes = 2, .profile = &single_traits, .grants = grants_from(reader ? "M2: a=read" : "")}};
    const std::size_t whose = reader ? 2 : 3;
    const std::size_t hop = whose - 1;
    for (const Disorder& disorder : disorders) {
      for (std::size_t at = 0; at < records; ++at) {
        SCOPED_TRACE(std::string{disorder.what} + " of record " + std::to_string(at) +
                     (reader ? ", a reader" : ", the server"));
        std::vector<Buffer> frames = recorded.frames[hop];
        disorder.act(frames, at);
        Replica party = recorded.party(whose);
        EXPECT_FALSE(party.feed(Side::client, with_tags_of(recorded.keys[hop], std::move(frames))));
        ASSERT_TRUE(party.error);
        EXPECT_EQ(name_of(party.error->fault), name_of(reader ? Fault::verify_tag : Fault::aead_tag));
        EXPECT_EQ(text_of(party.handler.notes), Recorded::labels(at + disorder.shown_more));
      }
    }
  }
}

/// RC-05: a place that a record can stand in: the same sequence number in all of them.
struct Place {
  Direction direction;
  ContextId context;
};
const Place places[] = {{Direction::c2s, ContextId{1}},
                        {Direction::c2s, ContextId{2}},
                        {Direction::s2c, ContextId{1}},
                        {Direction::s2c, ContextId{2}}};

using Captured = std::map<std::pair<Direction, std::uint8_t>, Buffer>;

/// A session in which M1 keeps the first record of each place.
std::unique_ptr<sim::Path::Session> captured(sim::Path& path, Captured& into) {
  auto session = joined_with_rogue(path, 1, [&](RogueRelay&, Arrival arrival) {
    into[{arrival.direction, arrival.header.id}] = arrival.frame;
  });
  for (const Place& place : places)
    session->send(side_from(place.direction), raw(place.context) == 1 ? "a" : "b", "the same plaintext", 0, false);
  return session;
}

// RC-05. M2 redacts both contexts, so each is a flow of its own and all the sequence numbers are 0.
TEST(P8Order, a_record_in_the_place_of_another_context_direction_session_or_association_is_refused) {
  enum class From { same_session, other_session, other_association };
  const auto grants = grants_from("M2: a=redact, b=redact");
  for (const std::uint16_t suite : std::initializer_list<std::uint16_t>{0x1301, 0x1303}) {
    const auto path =
        established({.middleboxes = 2, .profile = &plain_traits, .grants = grants, .suite = suite, .seed = 1});
    const auto other =
        established({.middleboxes = 2, .profile = &plain_traits, .grants = grants, .suite = suite, .seed = 2});
    Captured of_other_session, of_other_association;
    const auto session_before = captured(*path, of_other_session);
    const auto session_of_other = captured(*other, of_other_association);
    for (const From from : {From::same_session, From::other_session, From::other_association}) {
      for (const Place& source : places) {
        for (const Place& target : places) {
          const bool same_place = source.direction == target.direction && source.context == target.context;
          if (from == From::same_session && same_place) continue;
          SCOPED_TRACE(std::to_string(static_cast<int>(from)) + ": " + name_of(source.direction) +
                       std::to_string(raw(source.context)) + " -> " + name_of(target.direction) +
                       std::to_string(raw(target.context)));
          Captured here;
          auto session = captured(*path, here);
          const Captured& stock = from == From::same_session    ? here
                                  : from == From::other_session ? of_other_session
                                                                : of_other_association;
          Buffer frame = stock.at({source.direction, raw(source.context)});
          frame[1] = static_cast<std::byte>(raw(target.context));
          rogue_at(*session, 1).put(target.direction, std::move(frame));
          let_speak(*session, 1);
          expect_noticed(*session, target.direction == Direction::c2s ? 2 : 0, Fault::verify_tag, Alert::bad_record);
          EXPECT_TRUE(session->server().notes.empty());
          EXPECT_TRUE(session->client().notes.empty());
          // M2 stands on the server's side of the rogue: what came from there it has seen in order.
          for (const sim::Seen& one : session->relay(2).handler.notes.seen) EXPECT_EQ(one.direction, Direction::s2c);
        }
      }
    }
  }
}

// RC-05: the same where nobody reads, so that only the AEAD stands between
TEST(P8Order, a_record_spliced_where_nobody_reads_is_refused_by_the_end) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .seed = 1});
  const auto other = established({.middleboxes = 1, .profile = &single_traits, .seed = 2});
  const auto capture = [](sim::Path& from, Captured& into) {
    auto session = joined_with_rogue(from, 1, [&](RogueRelay&, Arrival arrival) {
      into[{arrival.direction, arrival.header.id}] = arrival.frame;
    });
    for (const Direction direction : both_directions)
      session->send(side_from(direction), "a", "the same plaintext", 0, false);
    return session;
  };
  Captured of_session, of_association;
  const auto keep = capture(*path, of_session);
  const auto keep_too = capture(*other, of_association);
  for (const Captured* stock : {&of_session, &of_association}) {
    for (const Direction source : both_directions) {
      for (const Direction target : both_directions) {
        Captured here;
        auto session = capture(*path, here);
        rogue_at(*session, 1).put(target, stock->at({source, 1}));
        let_speak(*session, 1);
        expect_noticed(*session, target == Direction::c2s ? 2 : 0, Fault::aead_tag, Alert::bad_record);
      }
    }
  }
}

// RC-05, KI-07: epochs
TEST(P8Order, a_record_of_one_epoch_does_not_pass_in_another) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .counters = {.epoch_shift = 2}});
  Buffer first;
  auto session = joined_with_rogue(*path, 1, [&](RogueRelay& self, Arrival arrival) {
    if (arrival.index == 0) first = arrival.frame;
    if (arrival.index == 4) arrival.frame = first;  // the first of the second epoch
    self.pass(std::move(arrival));
  });
  for (int i = 0; i < 5; ++i) session->send(Side::client, "a", "the same plaintext", 0, false);
  expect_noticed(*session, 2, Fault::aead_tag, Alert::bad_record);
  EXPECT_EQ(session->server().notes.seen.size(), 4U);
}

struct Suppressed {
  const char* context;
  bool fin_only;
};

/// M2 makes three flows of the three contexts on its client's side; M1 has no grant at all.
sim::PathSpec three_flows() {
  return {.middleboxes = 2, .grants = grants_from("M2: head=redact, body=write"), .idle = std::chrono::seconds{60}};
}

std::unique_ptr<sim::Path::Session> suppressed(sim::Path& path, const Suppressed& what) {
  const ContextId context = path.context(what.context);
  auto session = joined_with_rogue(path, 1, [=](RogueRelay& self, Arrival arrival) {
    if (arrival.direction == Direction::c2s && arrival.context() == context && (arrival.fin() || !what.fin_only))
      return;
    self.pass(std::move(arrival));
  });
  for (const std::uint32_t exchange : {1U, 2U}) {
    for (const char* part : {"head", "cred", "body"}) session->send(Side::client, part, part, exchange, true, false);
  }
  session->finish(Side::client);
  return session;
}

// OR-03
TEST(P8Order, a_flow_suppressed_from_its_first_record_or_its_fin_alone_is_a_truncation) {
  const auto path = established(three_flows());
  for (const char* context : {"head", "cred", "body"}) {
    for (const bool fin_only : {false, true}) {
      SCOPED_TRACE(std::string{context} + (fin_only ? ": FIN" : ": all"));
      auto session = suppressed(*path, {context, fin_only});
      expect_peace(*session);
      EXPECT_FALSE(session->server().engine->received_end());
      EXPECT_EQ(session->server().engine->complete_exchanges(), fin_only ? 2U : 0U);
      session->chain.cut(2);
      session->run();
      ASSERT_TRUE(session->error(3));
      EXPECT_EQ(name_of(session->error(3)->fault), name_of(Fault::truncated));
      EXPECT_NE(session->error(3)->detail.find(fin_only ? "complete exchanges: 2" : "complete exchanges: 0"),
                std::string::npos)
          << session->error(3)->detail;
      EXPECT_EQ(session->got(Side::server, context, 1), fin_only ? context : "");
    }
  }
}

// OR-03, OR-06: the connection stays, and so does the traffic of the other parts
TEST(P8Order, a_part_that_stays_missing_ends_the_session_at_the_idle_deadline_whatever_else_moves) {
  const auto path = established(three_flows());
  for (const char* missing : {"head", "cred", "body"}) {
    SCOPED_TRACE(missing);
    const ContextId context = path->context(missing);
    auto session = joined_with_rogue(*path, 1, [=](RogueRelay& self, Arrival arrival) {
      if (arrival.direction == Direction::s2c || arrival.context() != context) self.pass(std::move(arrival));
    });
    const TimePoint start = path->clock.mono;
    for (std::uint32_t exchange = 1; exchange <= 5 && !session->error(3); ++exchange) {
      for (const char* part : {"head", "cred", "body"}) session->send(Side::client, part, part, exchange);
      session->send(Side::server, "rhead", "still at it", 1, false);
      session->chain.run_until(path->clock.mono + std::chrono::seconds{20});
    }
    expect_noticed(*session, 3, Fault::timeout, Alert::timeout);
    EXPECT_NE(session->error(3)->detail.find("missing"), std::string::npos) << session->error(3)->detail;
    EXPECT_EQ(path->clock.mono - start, path->spec.idle);
    EXPECT_EQ(session->server().engine->complete_exchanges(), 0U);
  }
}

// OR-04: at every octet
TEST(P8Order, a_connection_that_ends_before_every_flow_has_its_fin_is_a_truncation_wherever_it_is_cut) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: body=write"), .seed = 3});
  auto session = joined(*path);
  for (const std::uint32_t exchange : {1U, 2U}) {
    for (const char* part : {"head", "cred", "body"}) session->send(Side::client, part, part, exchange, true, false);
  }
  session->finish(Side::client);
  const auto keys = all_keys(*session);
  for (const std::size_t party : {1U, 2U}) {
    Buffer stream;
    const auto& seen = session->chain.seen(party - 1, Direction::c2s);
    for (std::size_t i = 1; i < seen.size(); ++i) append(stream, seen[i]);
    Replica one{keys[party], sim::exchange_traits};
    for (std::size_t octets = 0; octets < stream.size(); ++octets) {
      const auto fine = party == 1 ? one.relay().on_connection_end(Side::client) : one.end().on_connection_end();
      ASSERT_FALSE(fine) << "party " << party << " took a stream of " << octets << " of " << stream.size()
                         << " octets for whole";
      ASSERT_EQ(name_of(fine.error().fault), name_of(Fault::truncated));
      ASSERT_TRUE(one.feed(Side::client, Bytes{stream}.subspan(octets, 1)));
    }
    const auto fine = party == 1 ? one.relay().on_connection_end(Side::client) : one.end().on_connection_end();
    EXPECT_TRUE(fine);
  }
}

// OR-04, AL-01
TEST(P8Order, an_alert_frame_never_counts_as_an_end) {
  const Recorded recorded{{.middleboxes = 0, .profile = &single_traits}};
  for (int code = 0; code < 256; ++code) {
    const Buffer body{static_cast<std::byte>(code)};
    for (const std::size_t before : {std::size_t{0}, std::size_t{3}, records}) {
      Replica server = recorded.party(1);
      for (std::size_t i = 0; i < before; ++i) ASSERT_TRUE(server.feed(Side::client, recorded.frames[0][i]));
      EXPECT_FALSE(server.feed(Side::client, wire::make_frame({wire::FrameType::alert, 0, 0, 0}, body)));
      EXPECT_EQ(name_of(server.error->fault),
                name_of(is_alert(static_cast<std::uint8_t>(code)) ? Fault::peer_alert : Fault::bad_value));
      EXPECT_FALSE(server.end().received_end());
      EXPECT_FALSE(server.end().on_connection_end());
    }
  }
}

// OR-05
TEST(P8Order, a_middlebox_without_any_grant_forges_a_clean_end_and_the_end_refuses) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits});
  for (const Direction direction : both_directions) {
    auto session = joined_with_rogue(*path, 1, &RogueRelay::pass_on);
    session->send(side_from(direction), "a", "half of it", 0, false);
    RogueRelay& rogue = rogue_at(*session, 1);
    rogue.next_seq(a, direction) = 1;
    rogue.say(a, direction, Exchange{0}, wire::flag::fin, "");
    let_speak(*session, 1);
    expect_noticed(*session, direction == Direction::c2s ? 2 : 0, Fault::aead_tag, Alert::bad_record);
    const session::EndpointSession& engine =
        direction == Direction::c2s ? *session->server().engine : *session->client().engine;
    EXPECT_FALSE(engine.received_end());
  }
}

// OR-05
TEST(P8Order, an_honest_writer_makes_no_clean_end_out_of_a_cut_input) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=write")});
  auto session = joined(*path);
  session->send(Side::client, "a", "half of it", 0, false);
  session->chain.cut(0);
  session->run();
  ASSERT_TRUE(session->error(1));
  EXPECT_EQ(name_of(session->error(1)->fault), name_of(Fault::truncated));
  ASSERT_TRUE(session->error(2));
  EXPECT_EQ(name_of(session->error(2)->fault), name_of(Fault::peer_alert));
  EXPECT_EQ(static_cast<Alert>(session->server().engine->alert()->code), Alert::truncated);
  EXPECT_FALSE(session->server().engine->received_end());
}

// OR-05: a rogue writer can end its own flow; the flows of others it cannot
TEST(P8Order, a_writer_that_ends_a_cut_input_by_itself_ends_only_what_it_writes) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: body=write")});
  auto session = joined_with_rogue(*path, 1, &RogueRelay::pass_on);
  session->send(Side::client, "head", "h", 1, true, false);
  session->send(Side::client, "cred", "c", 1, true, false);
  session->send(Side::client, "body", "half", 1, false);
  RogueRelay& rogue = rogue_at(*session, 1);
  rogue.say(path->context("body"), Direction::c2s, Exchange{1}, wire::flag::eom, "");
  rogue.say(path->context("body"), Direction::c2s, Exchange{0}, wire::flag::fin, "");
  let_speak(*session, 1);
  expect_peace(*session);
  EXPECT_FALSE(session->server().engine->received_end());
  session->chain.cut(1);
  session->run();
  EXPECT_EQ(session->fault(2), Fault::truncated);
}

struct EndCase {
  const char* what;
  Fault fault;
  std::function<void(RogueEnd&)> act;
};

// OR-05, RC-07: every party checks, the one without any grant first
TEST(P8Order, a_fin_that_is_not_alone_and_empty_or_has_something_behind_it_is_refused_by_the_first_party) {
  const ContextId b{2};
  const auto fin = [](std::uint8_t flags, Exchange exchange, const char* text, ContextId context) {
    return [=](RogueEnd& client) { client.say(context, exchange, flags, text); };
  };
  const EndCase cases[] = {
      {"with EOM", Fault::fin_order, fin(wire::flag::fin | wire::flag::eom, Exchange{0}, "", a)},
      {"with content", Fault::fin_order, fin(wire::flag::fin, Exchange{0}, "more", a)},
      {"with padding", Fault::fin_order,
       [](RogueEnd& client) {
         client.say(a, Exchange{0}, wire::flag::fin | wire::flag::pad, std::string_view{"\0\0", 2});
       }},
      {"with an exchange", Fault::fin_order, fin(wire::flag::fin, Exchange{1}, "", a)},
      {"on a context that is not the lowest", Fault::fin_order, fin(wire::flag::fin, Exchange{0}, "", b)},
      {"twice", Fault::record_after_fin,
       [](RogueEnd& client) {
         client.say(a, Exchange{0}, wire::flag::fin, "");
         client.say(a, Exchange{0}, wire::flag::fin, "");
       }},
      {"and data behind it", Fault::record_after_fin,
       [](RogueEnd& client) {
         client.say(a, Exchange{0}, wire::flag::fin, "");
         client.say(a, Exchange{0}, wire::flag::eom, "more");
       }},
      {"and data of another context of the flow behind it", Fault::record_after_fin,
       [](RogueEnd& client) {
         client.say(a, Exchange{0}, wire::flag::fin, "");
         client.say(b, Exchange{0}, wire::flag::eom, "more");
       }},
  };
  for (const Grant grant : {Grant::none, Grant::read, Grant::write}) {
    const auto path = established({.middleboxes = 1,
                                   .profile = &plain_traits,
                                   .grants = [=](std::size_t, std::string_view, Direction) { return grant; }});
    for (const EndCase& one : cases) {
      SCOPED_TRACE(std::string{one.what} + ", M1 has " + std::string{name_of(grant)});
      auto session = joined(*path);
      RogueEnd client{session->chain, *session->client().keys};
      client.say(a, Exchange{0}, 0, "text");
      one.act(client);
      session->run();
      expect_noticed(*session, 1, one.fault, Alert::bad_record);
      EXPECT_EQ(text_of(session->server().notes), "text");
    }
  }
  const auto direct = established({.middleboxes = 0, .profile = &plain_traits});
  for (const EndCase& one : cases) {
    SCOPED_TRACE(std::string{one.what} + ", at the server");
    auto session = joined(*direct);
    RogueEnd client{session->chain, *session->client().keys};
    client.say(a, Exchange{0}, 0, "text");
    one.act(client);
    session->run();
    expect_noticed(*session, 1, one.fault, Alert::bad_record);
    EXPECT_EQ(text_of(session->server().notes), "text");
  }
}

TEST(P8Order, a_fin_within_a_message_makes_it_incomplete_not_whole) {
  const auto path = established({.middleboxes = 1, .profile = &single_traits, .grants = grants_from("M1: a=write")});
  auto session = joined(*path);
  session->send(Side::client, "a", "half of it", 0, false);
  session->finish(Side::client);
  expect_peace(*session);
  EXPECT_TRUE(session->server().engine->received_end());
  EXPECT_TRUE(session->server().engine->ended_within_message());
}

/// Every way to merge the flows, each kept in order: calls `use` with the frames of each.
void every_merge(const std::vector<std::vector<Buffer>>& flows, std::vector<std::size_t> taken,
                 std::vector<Buffer>& order, const std::function<void(const std::vector<Buffer>&)>& use) {
  bool done = true;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (taken[i] == flows[i].size()) continue;
    done = false;
    std::vector<std::size_t> next = taken;
    order.push_back(flows[i][next[i]++]);
    every_merge(flows, next, order, use);
    order.pop_back();
  }
  if (done) use(order);
}

// OR-06: 3 flows x 3 records, all 1,680 orders
TEST(P8Order, whatever_the_order_between_flows_the_exchanges_are_the_same) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: head=redact, cred=redact, body=redact")});
  auto session = joined(*path);
  const char* const parts[] = {"head", "cred", "body"};
  for (const char* part : parts) {
    session->send(Side::client, part, std::string{part} + "1", 1, true, false);  // with its end apart: two records
    session->send(Side::client, part, "", 2, true, false);
  }
  session->run();
  expect_peace(*session);
  const auto keys = all_keys(*session);
  std::vector<std::vector<Buffer>> flows(3);
  const auto& seen = session->chain.seen(1, Direction::c2s);
  for (std::size_t i = 1; i < seen.size(); ++i) flows[std::to_integer<std::size_t>(seen[i][1]) - 1].push_back(seen[i]);
  std::size_t orders = 0;
  std::vector<Buffer> order;
  every_merge(flows, {0, 0, 0}, order, [&](const std::vector<Buffer>& frames) {
    ++orders;
    Replica server{keys[2], sim::exchange_traits};
    ASSERT_TRUE(server.feed(Side::client, with_tags_of(keys[1], frames))) << describe(*server.error);
    for (const char* part : parts) {
      ASSERT_EQ(server.handler.notes.text(path->context(part), Direction::c2s, Exchange{1}), std::string{part} + "1");
      ASSERT_EQ(server.handler.notes.text(path->context(part), Direction::c2s, Exchange{2}), "");
    }
    ASSERT_EQ(server.end().complete_exchanges(), 2U);
  });
  EXPECT_EQ(orders, 1680U);
}

// RC-09
TEST(P8Order, other_cuts_of_the_same_octets_give_the_same_result_to_the_octet) {
  const auto path = established(
      {.middleboxes = 2, .grants = grants_from("M1: head=read, body=redact; M2: head=inspect, cred=write")});
  auto session = joined(*path);
  for (const std::uint32_t exchange : {1U, 2U, 3U}) {
    for (const char* part : {"head", "cred", "body"})
      session->send(Side::client, part, std::string(exchange * 50, *part), exchange, true, false);
  }
  session->finish(Side::client);
  expect_peace(*session);
  const auto keys = all_keys(*session);
  std::size_t cuts = 0;
  for (const std::size_t party : {1U, 2U, 3U}) {
    for (const bool broken : {false, true}) {
      Buffer stream;
      const auto& seen = session->chain.seen(party - 1, Direction::c2s);
      for (std::size_t i = 1; i < seen.size(); ++i) append(stream, seen[i]);
      if (broken) stream[stream.size() / 2] ^= std::byte{1};
      Replica whole{keys[party], sim::exchange_traits};
      EXPECT_EQ(whole.feed(Side::client, stream), !broken);
      for (std::size_t round = 0; round < 40; ++round) {
        Replica cut{keys[party], sim::exchange_traits};
        const std::size_t most = round == 0 ? 1 : 1 + path->random.upto(12);
        for (Bytes rest{stream}; !rest.empty() && !cut.error; ++cuts) {
          const std::size_t octets = std::min(rest.size(), 1 + path->random.upto(most - 1));
          cut.feed(Side::client, rest.first(octets));
          rest = rest.subspan(octets);
        }
        ASSERT_EQ(cut.error.has_value(), whole.error.has_value());
        if (cut.error) {
          ASSERT_EQ(describe(*cut.error), describe(*whole.error));
        }
        ASSERT_EQ(cut.said[slot(Side::server)], whole.said[slot(Side::server)]);
        ASSERT_EQ(text_of(cut.handler.notes), text_of(whole.handler.notes));
        ASSERT_EQ(cut.handler.notes.seen.size(), whole.handler.notes.seen.size());
      }
    }
  }
  EXPECT_GT(cuts, 100'000U);
}

}  // namespace
}  // namespace louver::rogue::order
