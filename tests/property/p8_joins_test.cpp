#include <set>
#include <thread>

#include "rogue/record_check.h"
#include "session/join_tags.h"

/// P8 for whole sessions: a JOIN counts once, in time, from the client of the association.
namespace louver::rogue::joins {
namespace {

using session::AssociationRecord;
using sim::grants_from;

const auto nothing = [](const session::KeySource&) -> Result<> { return {}; };

Buffer made(AssociationRecord& client, const sim::Clock& clock, SessionNumber* number = nullptr) {
  SessionNumber taken{};
  auto frame = client.make_join(clock.wall, taken, nothing);
  if (!frame) throw std::runtime_error(describe(frame.error()));
  if (number != nullptr) *number = taken;
  return *std::move(frame);
}
Result<> taken(AssociationRecord& by, Buffer frame, const sim::Clock& clock) {
  return by.take_join(frame, clock.mono, clock.wall, nothing);
}
std::optional<Fault> fault_of(const Result<>& result) {
  return result ? std::nullopt : std::optional{result.error().fault};
}

class Joins : public testing::Test {
 protected:
  Joins()
      : path(established({.middleboxes = 1, .profile = &single_traits})),
        client(path->record(0)),
        middlebox(path->record(1)),
        server(path->record(2)) {}
  /// What the client's JOIN is when M1 has taken it.
  Buffer on_hop_1(Buffer frame) {
    const auto fine = middlebox->take_join(frame, path->clock.mono, path->clock.wall, nothing);
    if (!fine) throw std::runtime_error(describe(fine.error()));
    return frame;
  }
  /// Time passes, with Alives going on at both ends.
  void pass(std::chrono::seconds time) { path->association().run_until(path->clock.mono + time); }

  std::unique_ptr<sim::Path> path;
  std::shared_ptr<AssociationRecord> client, middlebox, server;
};

// JN-01
TEST_F(Joins, a_number_is_burnt_by_its_first_use_whatever_became_of_it) {
  SessionNumber first{}, second{};
  const auto failed = client->make_join(path->clock.wall, first,
                                        [](const session::KeySource&) -> Result<> { return Fault::internal_error; });
  EXPECT_FALSE(failed);
  const Buffer frame = made(*client, path->clock, &second);
  EXPECT_GT(raw(second), raw(first));
  // At the middlebox the connection on fails after the number was marked: the same JOIN is not taken a second time.
  Buffer copy = frame;
  EXPECT_FALSE(middlebox->take_join(copy, path->clock.mono, path->clock.wall,
                                    [](const session::KeySource&) -> Result<> { return Fault::next_hop_refused; }));
  EXPECT_EQ(fault_of(taken(*middlebox, frame, path->clock)), Fault::join_replayed);
  EXPECT_EQ(fault_of(taken(*middlebox, made(*client, path->clock), path->clock)), std::nullopt);
}

// JN-01
TEST_F(Joins, sixty_four_threads_draw_numbers_and_no_two_are_alike) {
  std::vector<std::vector<std::uint64_t>> drawn(64);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : drawn) {
      threads.emplace_back([this, &mine] {
        for (int i = 0; i < 20; ++i) {
          SessionNumber number{};
          if (client->make_join(path->clock.wall, number, nothing)) mine.push_back(raw(number));
        }
      });
    }
  }
  std::set<std::uint64_t> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 64U * 20U);
  EXPECT_EQ(*all.begin(), 1U);
}

// JN-04
TEST_F(Joins, the_same_join_on_many_threads_at_the_same_moment_is_taken_once) {
  constexpr std::size_t numbers = 40;
  constexpr std::size_t threads = 64;
  for (AssociationRecord* party : {middlebox.get(), server.get()}) {
    std::vector<Buffer> frames;
    for (std::size_t i = 0; i < numbers; ++i) {
      Buffer frame = made(*client, path->clock);
      frames.push_back(party == server.get() ? on_hop_1(std::move(frame)) : std::move(frame));
    }
    std::array<std::atomic<std::size_t>, numbers> accepted{}, replayed{};
    std::atomic<std::size_t> waiting{threads};
    {
      std::vector<std::jthread> pool;
      for (std::size_t t = 0; t < threads; ++t) {
        pool.emplace_back([&] {
          --waiting;
          while (waiting != 0) std::this_thread::yield();
          for (std::size_t i = 0; i < numbers; ++i) {
            const auto fault = fault_of(taken(*party, frames[i], path->clock));
            if (!fault) ++accepted[i];
            if (fault == Fault::join_replayed) ++replayed[i];
          }
        });
      }
    }
    for (std::size_t i = 0; i < numbers; ++i) {
      EXPECT_EQ(accepted[i], 1U) << "number " << i + 1;
      EXPECT_EQ(replayed[i], threads - 1) << "number " << i + 1;
    }
  }
}

// JN-04, replay
TEST_F(Joins, a_join_that_is_sent_again_is_refused_by_the_first_party_and_the_server_hears_nothing) {
  auto first = joined(*path);
  first->send(Side::client, "a", "once", 0);
  auto second = path->join();
  second->chain.tamper(0, Direction::c2s, [&](Buffer, std::vector<Buffer>& on) {
    on.push_back(first->chain.seen(0, Direction::c2s).front());
  });
  second->start();
  second->send(Side::client, "a", "data behind it", 0);
  expect_noticed(*second, 1, Fault::join_replayed, Alert::replayed_join);
  EXPECT_EQ(second->server().engine, nullptr);
  EXPECT_TRUE(second->server().notes.empty());
}

TEST_F(Joins, a_whole_first_flight_that_is_sent_again_delivers_nothing_twice) {
  auto first = path->join();
  first->start();
  first->send(Side::client, "a", "pay 10", 0);
  ASSERT_EQ(first->got(Side::server, "a", 0), "pay 10");
  for (const std::size_t hop : {0U, 1U}) {
    auto second = path->join();
    const std::vector<Buffer> flight = first->chain.seen(hop, Direction::c2s);
    second->chain.tamper(
        hop, Direction::c2s, [flight, n = std::size_t{0}](Buffer frame, std::vector<Buffer>& on) mutable {
          on.push_back(n < flight.size() ? flight[n] : std::move(frame));  // what comes behind is the alert
          ++n;
        });
    second->start();
    second->send(Side::client, "a", "pay 10", 0);
    expect_noticed(*second, hop + 1, Fault::join_replayed, Alert::replayed_join);
    EXPECT_TRUE(second->server().notes.empty());
  }
}

// JN-03
TEST_F(Joins, a_join_held_back_for_41_seconds_is_dead_and_nothing_behind_it_is_delivered) {
  auto session = path->join();
  std::vector<Buffer> held;
  session->chain.tamper(1, Direction::c2s,
                        [&](Buffer frame, std::vector<Buffer>&) { held.push_back(std::move(frame)); });
  session->start();
  session->send(Side::client, "a", "buy", 0);
  ASSERT_EQ(held.size(), 2U);
  pass(std::chrono::seconds{41});
  ASSERT_FALSE(path->error(0));
  for (const Buffer& frame : held) session->chain.inject(1, Direction::c2s, frame);
  session->run();
  expect_noticed(*session, 2, Fault::join_late, Alert::timeout);
  EXPECT_EQ(session->server().engine, nullptr);
  EXPECT_TRUE(session->server().notes.empty());
}

// JN-03: three Alives behind is in time, four is not; one that was never sent is none
TEST_F(Joins, the_alive_of_a_join_may_be_three_behind_and_never_ahead) {
  const auto late = [this](std::chrono::seconds by) {
    const Buffer frame = on_hop_1(made(*client, path->clock));
    pass(by);
    return fault_of(taken(*server, frame, path->clock));
  };
  EXPECT_EQ(late(std::chrono::seconds{0}), std::nullopt);
  EXPECT_EQ(late(std::chrono::seconds{30}), std::nullopt);
  EXPECT_EQ(late(std::chrono::seconds{40}), Fault::join_late);
  client->set_alive_received(server->alive_sent() + 1);
  EXPECT_EQ(late(std::chrono::seconds{0}), Fault::join_late);
  client->set_alive_received(server->alive_sent());
  EXPECT_EQ(late(std::chrono::seconds{0}), std::nullopt);
}

// JN-03: the number was not marked by being late, and the session is no use to anybody
TEST_F(Joins, a_late_join_stays_late) {
  const Buffer frame = on_hop_1(made(*client, path->clock));
  pass(std::chrono::seconds{45});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fault_of(taken(*server, frame, path->clock)), Fault::join_late);
}

// JN-05: every bit of a JOIN
TEST_F(Joins, any_bit_of_a_join_flipped_is_refused_before_its_number_is_marked) {
  for (AssociationRecord* party : {middlebox.get(), server.get()}) {
    Buffer frame = made(*client, path->clock);
    if (party == server.get()) frame = on_hop_1(std::move(frame));
    for (std::size_t bit = wire::header_octets * 8; bit < frame.size() * 8; ++bit) {
      const std::size_t octet = bit / 8;
      Buffer flipped = frame;
      flipped[octet] ^= static_cast<std::byte>(1U << bit % 8);
      const auto fault = fault_of(taken(*party, flipped, path->clock));
      if (octet < wire::header_octets + 16) continue;  // another association: the table does not find it, see below
      ASSERT_EQ(fault, Fault::join_hop_tag) << "bit " << bit;
    }
    EXPECT_EQ(fault_of(taken(*party, frame, path->clock)), std::nullopt)
        << "the honest JOIN comes after the forged ones";
  }
}

TEST_F(Joins, another_association_id_is_unknown_at_once) {
  for (const std::size_t bit : {0U, 7U, 64U, 127U}) {
    auto session = path->join();
    session->chain.tamper(0, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& on) {
      frame[wire::header_octets + bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      on.push_back(std::move(frame));
    });
    session->start();
    session->run();
    expect_noticed(*session, 1, Fault::unknown_association, Alert::unknown_association);
  }
}

// JN-05: a huge number with forged tags
TEST_F(Joins, a_forged_join_with_a_huge_number_moves_no_window) {
  const Buffer honest = made(*client, path->clock);
  for (AssociationRecord* party : {middlebox.get(), server.get()}) {
    Buffer forged = honest;
    std::ranges::fill(MutableBytes{forged}.subspan(wire::header_octets + 16, 8), std::byte{0x7f});
    path->random.fill(MutableBytes{forged}.subspan(wire::join_end_tag_at));
    EXPECT_EQ(fault_of(taken(*party, forged, path->clock)), Fault::join_hop_tag);
    EXPECT_EQ(party->last_join(), 0U);
    EXPECT_EQ(party->joins(), 0U);
  }
  EXPECT_EQ(fault_of(taken(*server, on_hop_1(honest), path->clock)), std::nullopt);
}

// JN-05: Mi invents a JOIN for the hop behind it, or changes what the client said
TEST_F(Joins, a_join_that_a_middlebox_makes_up_is_refused_by_the_server_whose_window_does_not_move) {
  Buffer frame = made(*client, path->clock);
  enum class Lie { end_tag, alive };
  for (const Lie lie : {Lie::end_tag, Lie::alive}) {
    Buffer forged = made(*client, path->clock);
    std::optional<session::KeySource> keys;  // M1's own for this session: its hop tag is right
    ASSERT_TRUE(middlebox->take_join(forged, path->clock.mono, path->clock.wall,
                                     [&](const session::KeySource& given) -> Result<> {
                                       keys = given;
                                       return {};
                                     }));
    const Buffer genuine = forged;
    forged[lie == Lie::end_tag ? wire::join_end_tag_at : wire::join_end_tag_at - 1] ^= std::byte{1};
    ASSERT_TRUE(session::join_tags::write_hop(*keys, forged));
    EXPECT_EQ(fault_of(taken(*server, forged, path->clock)), Fault::join_end_tag);
    EXPECT_EQ(fault_of(taken(*server, genuine, path->clock)), std::nullopt) << "the number was marked by a bad tag";
  }
  EXPECT_EQ(fault_of(taken(*server, on_hop_1(frame), path->clock)), std::nullopt);
}

// JN-05: who is before Mi can burn numbers at Mi, as it could refuse to pass any: but not at the server
TEST_F(Joins, the_hop_tag_alone_makes_no_session_at_the_server) {
  auto session = joined_with_rogue(*path, 1, &RogueRelay::pass_on);
  const Forge& m1 = rogue_at(*session, 1).forge();
  EXPECT_FALSE(m1.holds(session::join_item(1)));
  Buffer frame = session->chain.seen(1, Direction::c2s).front();
  ASSERT_TRUE(session::join_tags::write_hop(m1.keys(), frame));
  EXPECT_FALSE(session::join_tags::write_end(m1.keys(), frame));
}

// The window, at, below and above 2^16, against a plain set
TEST(JoinWindow, takes_each_number_once_and_none_that_is_2_to_the_16_below_the_highest) {
  session::JoinWindow window;
  EXPECT_FALSE(window.mark(0));
  EXPECT_TRUE(window.mark(1));
  EXPECT_FALSE(window.mark(1));
  const std::uint64_t size = limits::join_window;
  EXPECT_TRUE(window.mark(size));
  EXPECT_FALSE(window.mark(1));  // it is within, but was taken
  EXPECT_TRUE(window.mark(2));   // size - 2 below
  EXPECT_TRUE(window.mark(size + 3));
  EXPECT_FALSE(window.mark(3));          // exactly 2^16 below
  EXPECT_TRUE(window.mark(4));           // one less
  EXPECT_FALSE(window.mark(2));          // more
  EXPECT_TRUE(window.mark(100 * size));  // a leap over everything
  EXPECT_FALSE(window.mark(99 * size));
  EXPECT_TRUE(window.mark(99 * size + 1));
  EXPECT_FALSE(window.mark(size + 3));
  EXPECT_EQ(window.highest(), 100 * size);
}

TEST(JoinWindow, agrees_with_a_plain_set_over_random_numbers) {
  sim::SeededRandom random{11};
  session::JoinWindow window;
  std::set<std::uint64_t> taken_before;
  std::uint64_t highest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t leap = random.chance(2) ? limits::join_window + random.upto(50) : random.upto(40);
    const std::uint64_t number =
        random.chance(50)
            ? highest + leap
            : highest - std::min<std::uint64_t>(highest,
                                                random.chance(50) ? leap : limits::join_window - 20 + random.upto(40));
    const bool fresh =
        number != 0 && !taken_before.contains(number) && (number > highest || highest - number < limits::join_window);
    ASSERT_EQ(window.mark(number), fresh) << number << " with highest " << highest;
    if (fresh) taken_before.insert(number);
    highest = std::max(highest, fresh ? number : 0);
  }
}

// RS-02
TEST_F(Joins, a_join_after_a_certificate_has_expired_is_refused_by_whoever_sees_it) {
  auto session = path->join();
  const Buffer to_server = on_hop_1(made(*client, path->clock));
  path->clock.wall += std::chrono::hours{25};
  session->start();
  session->run();
  expect_noticed(*session, 1, Fault::certificate_expired, Alert::revoked);
  EXPECT_EQ(fault_of(taken(*server, to_server, path->clock)), Fault::certificate_expired);
  SessionNumber number{};
  const auto own = client->make_join(path->clock.wall, number, nothing);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().fault, Fault::certificate_expired);
}

// JN-06: unknown to another process
TEST_F(Joins, an_association_that_a_process_does_not_have_is_unknown_to_it) {
  path->table(1).remove(*middlebox);
  auto session = path->join();
  session->start();
  session->run();
  expect_noticed(*session, 1, Fault::unknown_association, Alert::unknown_association);
}

/// Frames of the client's own channel with M1 on the first hop.
bool is_for_m1(const Buffer& frame) {
  return frame.front() == static_cast<std::byte>(wire::FrameType::channel) && frame[1] == std::byte{1};
}

// HS-02 as joins feel it
TEST_F(Joins, a_middlebox_that_lacks_a_go_takes_no_join_and_makes_no_keys) {
  const auto go_is = std::ranges::count_if(path->association().seen(0, Direction::c2s), is_for_m1);
  sim::Path waiting{{.middleboxes = 1, .profile = &single_traits}};
  std::ptrdiff_t count = 0;
  waiting.association().tamper(0, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& on) {
    if (is_for_m1(frame) && ++count == go_is) return;
    on.push_back(std::move(frame));
  });
  EXPECT_FALSE(waiting.establish());
  ASSERT_TRUE(waiting.client().complete());
  ASSERT_EQ(waiting.record(1)->state(), AssociationRecord::State::waiting);
  Buffer frame = made(*waiting.record(0), waiting.clock);
  bool derived = false;
  const auto fine = waiting.record(1)->take_join(frame, waiting.clock.mono, waiting.clock.wall,
                                                 [&](const session::KeySource&) -> Result<> {
                                                   derived = true;
                                                   return {};
                                                 });
  EXPECT_FALSE(fine);
  EXPECT_FALSE(derived);
}

}  // namespace
}  // namespace louver::rogue::joins
