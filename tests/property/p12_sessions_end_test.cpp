#include "rogue/record_check.h"

/// P12 as sessions feel it: they end with their association, whoever keeps that from being said.
namespace louver::rogue::sessions_end {
namespace {

using session::AssociationRecord;
using namespace std::chrono_literals;

constexpr std::size_t parties = 3;

class SessionsEnd : public testing::Test {
 protected:
  SessionsEnd() : path(established({.middleboxes = 1, .profile = &single_traits})), session(joined(*path)) {}

  void pass(Duration time) {
    path->association().run_until(path->clock.mono + time);
    session->chain.run_until(path->clock.mono);
  }
  /// Nothing of e gets past the attacker on this hop, in that direction.
  void withhold(std::size_t hop, Direction direction, bool everything) {
    path->association().tamper(hop, direction, [=](Buffer frame, std::vector<Buffer>& on) {
      const bool of_e = frame.front() == static_cast<std::byte>(wire::FrameType::channel) && frame[1] == std::byte{0};
      if (!everything && !of_e) on.push_back(std::move(frame));
    });
  }
  void close(std::size_t by, std::uint32_t drain_ms) {
    sim::Node::Outputs out;
    Result<> closed;
    if (by == 0) closed = path->client().close(0, drain_ms, path->clock.now(), out.to_server);
    if (by == 1) closed = path->middlebox(1).close(0, drain_ms, path->clock.now(), {out.to_client, out.to_server});
    if (by == 2) closed = path->server().close(0, drain_ms, path->clock.now(), out.to_client);
    ASSERT_TRUE(closed) << describe(closed.error());
    path->association().put(by, out);
    path->association().run();
  }
  /// The session carries a word in both directions.
  bool carries(const std::string& word) {
    const std::size_t before[] = {session->client().notes.octets(), session->server().notes.octets()};
    for (const Side side : {Side::client, Side::server}) session->send(side, "a", word, 0, false);
    return session->client().notes.octets() == before[0] + word.size() &&
           session->server().notes.octets() == before[1] + word.size();
  }
  bool carries_nothing(const std::string& word) {
    const std::size_t before[] = {session->client().notes.octets(), session->server().notes.octets()};
    for (const Side side : {Side::client, Side::server}) session->send(side, "a", word, 0, false);
    return session->client().notes.octets() == before[0] && session->server().notes.octets() == before[1];
  }
  void expect_association_over() {
    for (std::size_t party = 0; party < parties; ++party) {
      EXPECT_EQ(path->record(party)->state(), AssociationRecord::State::ended) << "party " << party;
    }
  }

  std::unique_ptr<sim::Path> path;
  std::unique_ptr<sim::Path::Session> session;
};

TEST_F(SessionsEnd, while_alives_go_on_a_session_lives) {
  for (int i = 0; i < 20; ++i) {
    pass(11s);
    ASSERT_TRUE(carries("x")) << i;
  }
  expect_peace(*session);
}

// RG-02, HP-04: whoever holds Alive back gains 30 s
TEST_F(SessionsEnd, without_alive_for_thirty_seconds_the_association_and_its_sessions_end) {
  for (const Direction direction : both_directions) {
    for (std::size_t hop = 0; hop < 2; ++hop) {
      for (const bool everything : {false, true}) {
        SCOPED_TRACE(std::string{name_of(direction)} + ", hop " + std::to_string(hop) +
                     (everything ? ", everything" : ", e only"));
        path = established({.middleboxes = 1, .profile = &single_traits});
        session = joined(*path);
        withhold(hop, direction, everything);
        pass(29s);
        ASSERT_TRUE(carries("in time"));
        pass(1s);
        const std::size_t starved = direction == Direction::c2s ? 2 : 0;
        ASSERT_TRUE(path->error(starved));
        EXPECT_EQ(name_of(path->error(starved)->fault), name_of(Fault::timeout));
        EXPECT_EQ(path->record(starved)->state(), AssociationRecord::State::ended);
        ASSERT_TRUE(session->error(starved));
        EXPECT_TRUE(session->fault(starved) == Fault::revoked || session->fault(starved) == Fault::peer_alert)
            << describe(*session->error(starved));
        EXPECT_TRUE(carries_nothing("too late"));
        expect_association_over();
      }
    }
  }
}

// RG-02: and no session begins
TEST_F(SessionsEnd, after_an_association_has_ended_no_join_is_made_or_taken) {
  auto late = path->join();
  withhold(0, Direction::c2s, true);
  pass(31s);
  late->start();
  late->run();
  ASSERT_TRUE(late->error(1));
  EXPECT_EQ(name_of(late->error(1)->fault), name_of(Fault::revoked));
  EXPECT_EQ(late->server().engine, nullptr);
  SessionNumber number{};
  const auto made =
      path->record(0)->make_join(path->clock.wall, number, [](const session::KeySource&) -> Result<> { return {}; });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::revoked);
}

// RG-03: "at once, at middleboxes and endpoints"
TEST_F(SessionsEnd, where_the_associations_connections_are_cut_its_sessions_end_at_once) {
  for (std::size_t hop = 0; hop < 2; ++hop) {
    SCOPED_TRACE(hop);
    path = established({.middleboxes = 1, .profile = &single_traits});
    session = joined(*path);
    ASSERT_TRUE(carries("before"));
    path->association().cut(hop);
    path->association().run();
    expect_association_over();
    EXPECT_TRUE(carries_nothing("behind it"));
    session->chain.run_until(path->clock.mono);
    for (std::size_t party = 0; party < parties; ++party) EXPECT_TRUE(session->error(party)) << "party " << party;
  }
}

// RG-01, RG-02: lowered or withdrawn, by whom it may
TEST_F(SessionsEnd, a_close_by_any_party_lets_its_sessions_drain_and_ends_them_then) {
  for (std::size_t by = 0; by < parties; ++by) {
    SCOPED_TRACE("closed by party " + std::to_string(by));
    path = established({.middleboxes = 1, .profile = &single_traits});
    session = joined(*path);
    close(by, 5000);
    for (std::size_t party = 0; party < parties; ++party)
      EXPECT_EQ(path->record(party)->state(), AssociationRecord::State::closing) << party;
    pass(4s);
    EXPECT_TRUE(carries("while it drains"));
    pass(1s);
    EXPECT_TRUE(carries_nothing("afterwards"));
    for (std::size_t party = 0; party < parties; ++party) {
      ASSERT_TRUE(session->error(party)) << "party " << party;
      EXPECT_TRUE(session->fault(party) == Fault::revoked || session->fault(party) == Fault::peer_alert)
          << describe(*session->error(party));
    }
  }
}

TEST_F(SessionsEnd, a_close_without_drain_ends_them_at_once) {
  close(2, 0);
  EXPECT_TRUE(carries_nothing("afterwards"));
  EXPECT_TRUE(session->anyone_failed());
}

TEST_F(SessionsEnd, a_close_that_only_renews_lets_them_run_as_long_as_they_like) {
  close(0, wire::drain_by_themselves);
  for (int i = 0; i < 10; ++i) {
    pass(11s);
    EXPECT_TRUE(carries("x"));
  }
  expect_peace(*session);
}

// RG-02, HP-04: "asker sends nothing in old sessions after drain_ms", whether or not the path lets its Close through
TEST_F(SessionsEnd, a_close_that_is_withheld_binds_the_one_who_asked) {
  path->association().tamper(1, Direction::s2c, [](Buffer, std::vector<Buffer>&) {});
  close(2, 2000);
  EXPECT_EQ(path->record(0)->state(), AssociationRecord::State::open) << "the client never heard of it";
  pass(2s);
  session->send(Side::client, "a", "for the server", 0, false);
  EXPECT_TRUE(session->server().notes.empty());
  ASSERT_TRUE(session->error(2));
  EXPECT_EQ(name_of(session->error(2)->fault), name_of(Fault::revoked));
}

// JN-06. The client has made sessions 1 to 5 (1 in SetUp); 3 was taken last when it closes.
TEST_F(SessionsEnd, after_a_close_lower_numbers_are_taken_for_ten_seconds_and_none_above_the_last) {
  auto second = path->join();
  auto third = path->join();
  auto fourth = path->join();
  auto fifth = path->join();
  fourth->start();
  fourth->run();
  ASSERT_NE(fourth->server().engine, nullptr);
  close(0, wire::drain_by_themselves);
  EXPECT_EQ(path->record(2)->last_join(), 4U);

  SessionNumber number{};
  const auto made =
      path->record(0)->make_join(path->clock.wall, number, [](const session::KeySource&) -> Result<> { return {}; });
  ASSERT_FALSE(made);
  EXPECT_EQ(name_of(made.error().fault), name_of(Fault::revoked));

  fifth->start();
  fifth->run();
  ASSERT_TRUE(fifth->anyone_failed());
  EXPECT_EQ(fifth->server().engine, nullptr);
  const std::size_t who = fifth->error(1)->fault == Fault::revoked ? 1 : 2;
  expect_noticed(*fifth, who, Fault::revoked, Alert::revoked);

  path->association().run_until(path->clock.mono + 9s);
  third->start();
  third->send(Side::client, "a", "just in time", 0);
  expect_peace(*third);
  EXPECT_EQ(third->got(Side::server, "a", 0), "just in time");

  path->association().run_until(path->clock.mono + 1s);
  second->start();
  second->send(Side::client, "a", "too late", 0);
  expect_noticed(*second, 1, Fault::revoked, Alert::revoked);
  EXPECT_TRUE(second->server().notes.empty());
  EXPECT_TRUE(carries("the running one")) << "a renewal leaves running sessions alone";
}

// RG-06: the association's secrets are gone, the running session's are its own
TEST_F(SessionsEnd, after_the_grace_of_a_close_no_party_can_derive_a_session_any_more) {
  const std::vector<session::KeySource> keys{*session->client().keys, *session->relay(1).keys, *session->server().keys};
  close(0, wire::drain_by_themselves);
  EXPECT_TRUE(keys[1].secret(session::hop_item(Direction::c2s, PartyIndex{0}, PartyIndex{1})))
      << "a JOIN may still come";
  pass(10s);
  for (const session::KeySource& one : keys) {
    const auto items = session::items_of(one.terms(), one.plan());
    ASSERT_TRUE(items);
    for (const session::Item& item : *items) EXPECT_FALSE(one.secret(item.name));
  }
  EXPECT_TRUE(carries("with its own keys"));
}

// JN-08: what the server has not taken, the server alone says
TEST_F(SessionsEnd, a_middleboxs_close_says_nothing_of_what_the_server_took) {
  withhold(1, Direction::s2c, false);
  close(1, 0);
  EXPECT_EQ(path->record(0)->state(), AssociationRecord::State::closing) << "it binds";
  EXPECT_FALSE(path->record(0)->taken_by_other_end()) << "the server has not been heard";
}

TEST_F(SessionsEnd, each_end_says_itself_what_it_has_taken_or_made_whoever_closed) {
  for (std::size_t by = 0; by < parties; ++by) {
    SCOPED_TRACE("closed by party " + std::to_string(by));
    path = established({.middleboxes = 1, .profile = &single_traits});
    session = joined(*path);
    auto second = path->join();  // on its way
    close(by, 5000);
    EXPECT_EQ(path->record(0)->taken_by_other_end(), 1U);
    EXPECT_EQ(path->record(2)->taken_by_other_end(), 2U);
  }
}

// RG-04: whoever says Close again and again, from wherever, ends what it may end anyway, and makes nothing grow
TEST_F(SessionsEnd, a_flood_of_closes_binds_tighter_at_most) {
  close(2, 60'000);
  const AssociationRecord::Drain first = path->record(0)->drain();
  for (int i = 0; i < 500; ++i) {
    sim::Node::Outputs out;
    ASSERT_TRUE(
        path->middlebox(1).close(0, wire::drain_by_themselves, path->clock.now(), {out.to_client, out.to_server}));
    path->association().put(1, out);
    path->association().run();
  }
  for (std::size_t party = 0; party < parties; ++party) {
    EXPECT_FALSE(path->error(party)) << party;
    EXPECT_EQ(path->record(party)->state(), AssociationRecord::State::closing) << party;
    EXPECT_EQ(path->record(party)->last_join(), 1U) << party;
  }
  EXPECT_EQ(path->record(0)->drain().until, first.until) << "a later Close does not loosen an earlier one";
  EXPECT_TRUE(carries("still within the drain"));
  SessionNumber number{};
  EXPECT_FALSE(
      path->record(0)->make_join(path->clock.wall, number, [](const session::KeySource&) { return Result<>{}; }));
}

// RG-04: a Close whose `last` is above what there was lets nobody in
TEST_F(SessionsEnd, a_close_that_names_sessions_that_never_were_opens_nothing) {
  path->record(2)->close(~std::uint64_t{0}, path->clock.mono + limits::close_grace, TimePoint::max(), Alert::revoked);
  close(0, wire::drain_by_themselves);
  Buffer late = wire::make_frame({wire::FrameType::join, 0, 0, 0}, Buffer(92));
  const auto taken = path->record(2)->take_join(late, path->clock.mono, path->clock.wall,
                                                [](const session::KeySource&) { return Result<>{}; });
  EXPECT_FALSE(taken);
}

}  // namespace
}  // namespace louver::rogue::sessions_end
