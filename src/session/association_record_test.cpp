#include <gtest/gtest.h>

#include <barrier>
#include <set>
#include <thread>

#include "session/test_association.h"

/// What all threads of a process share of an association. Built with the preset `tsan`, a race is a failure too.
namespace louver::session {
namespace {

constexpr std::size_t thread_count = 64;
constexpr TimePoint at_start{std::chrono::hours{1}};
constexpr WallTime wall{std::chrono::hours{24 * 365 * 55}};

/// Runs `task(thread)` on 64 threads that set off together.
template <class Task>
void together(const Task& task) {
  std::barrier start{static_cast<std::ptrdiff_t>(thread_count)};
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      task(t);
    });
  }
}

Buffer join_of(AssociationRecord& client) {
  SessionNumber number{};
  auto made = client.make_join(wall, number, test::no_keys);
  EXPECT_TRUE(made) << describe(made.error());
  return made ? *std::move(made) : Buffer{};
}

// JN-01
TEST(AssociationRecord, JN_01_sixty_four_threads_draw_every_number_once) {
  constexpr std::size_t each = 50;
  const auto client = test::TestAssociation{}.record(0);
  std::array<std::vector<std::uint64_t>, thread_count> drawn;
  together([&](std::size_t t) {
    for (std::size_t i = 0; i < each; ++i) {
      SessionNumber number{};
      if (client->make_join(wall, number, test::no_keys)) drawn[t].push_back(raw(number));
    }
  });
  std::set<std::uint64_t> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), thread_count * each);
  EXPECT_EQ(*all.rbegin(), thread_count * each) << "without a gap";
  EXPECT_EQ(client->joins(), thread_count * each);
}

// JN-04
TEST(AssociationRecord, JN_04_of_sixty_four_threads_with_the_same_join_one_wins_for_each_of_many_numbers) {
  constexpr std::size_t numbers = 200;
  const test::TestAssociation association;
  for (std::uint8_t party : {std::uint8_t{1}, std::uint8_t{2}}) {
    const auto client = association.record(0);
    const auto middlebox = association.record(1);
    const auto taker = association.record(party);
    std::vector<Buffer> joins;
    for (std::size_t i = 0; i < numbers; ++i) {
      joins.push_back(join_of(*client));
      if (party == 2) {
        ASSERT_TRUE(middlebox->take_join(joins.back(), at_start, wall, test::no_keys));
      }
    }
    std::array<std::atomic<std::size_t>, numbers> won{}, derived{}, replayed{};
    together([&](std::size_t t) {
      for (std::size_t k = 0; k < numbers; ++k) {
        const std::size_t i = t % 2 == 0 ? k : numbers - 1 - k;  // half of them from the other end of the window
        Buffer frame = joins[i];
        const auto taken = taker->take_join(frame, at_start, wall, [&, i](const KeySource&) -> Result<> {
          ++derived[i];
          return {};
        });
        if (taken) ++won[i];
        if (!taken && taken.error().fault == Fault::join_replayed) ++replayed[i];
      }
    });
    for (std::size_t i = 0; i < numbers; ++i) {
      EXPECT_EQ(won[i], 1U) << "number " << i + 1 << " at party " << int{party};
      EXPECT_EQ(derived[i], 1U) << "keys are made for the one that wins only";
      EXPECT_EQ(replayed[i], thread_count - 1);
    }
    EXPECT_EQ(taker->joins(), numbers);
  }
}

// JN-04: taking, closing, ending and looking at once
TEST(AssociationRecord, JN_04_no_join_is_taken_once_the_end_has_been_said) {
  const test::TestAssociation association;
  const auto client = association.record(0);
  const auto taker = association.record(1);
  std::vector<Buffer> joins;
  for (std::size_t i = 0; i < thread_count; ++i) joins.push_back(join_of(*client));
  std::atomic<bool> ended{false};
  std::atomic<std::size_t> taken{0}, late{0}, told{0};
  std::vector<AssociationRecord::Watch> watches;
  for (int i = 0; i < 4; ++i) watches.push_back(taker->watch([&] { ++told; }));
  together([&](std::size_t t) {
    if (t == thread_count / 2) {
      taker->end(Alert::revoked);
      ended = true;
      return;
    }
    const bool after = ended;
    const auto result = taker->take_join(joins[t], at_start, wall, test::no_keys);
    if (result) ++taken;
    if (result && after) ++late;
    std::ignore = taker->drain();
    std::ignore = taker->watched();
  });
  EXPECT_EQ(late, 0U);
  EXPECT_EQ(taker->joins(), taken);
  EXPECT_TRUE(taker->secrets_erased());
  EXPECT_EQ(told, watches.size());
}

// JN-04, JN-06
TEST(AssociationTable, JN_04_sixty_four_threads_add_an_id_once_and_find_it_until_it_is_removed) {
  const test::TestAssociation association;
  AssociationTable table{10};
  std::vector<std::shared_ptr<AssociationRecord>> records;
  for (std::size_t t = 0; t < thread_count; ++t) records.push_back(association.record(1));
  std::atomic<std::size_t> added{0}, found{0};
  together([&](std::size_t t) {
    if (table.add(records[t])) ++added;
    const auto there = table.find(records[t]->id());
    if (there && (*there)->id() == records[t]->id()) ++found;
  });
  EXPECT_EQ(added, 1U);
  EXPECT_EQ(found, thread_count) << "whoever came second finds the first";
  together([&](std::size_t t) { table.remove(*records[t]); });
  EXPECT_EQ(table.size(), 0U);
  const auto gone = table.find(records[0]->id());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().fault, Fault::unknown_association);
}

// RS-02
TEST(AssociationRecord, RS_02_at_the_second_of_a_certificates_end_no_join_is_made_or_taken) {
  const test::TestAssociation association{wall};
  const auto client = association.record(0);
  const auto middlebox = association.record(1);
  SessionNumber number{};
  const auto before = wall - std::chrono::milliseconds{1};
  auto first = client->make_join(before, number, test::no_keys);
  auto second = client->make_join(before, number, test::no_keys);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(middlebox->take_join(*first, at_start, before, test::no_keys));
  const auto late = middlebox->take_join(*second, at_start, wall, test::no_keys);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, Fault::certificate_expired);
  EXPECT_EQ(alert_for(late.error().fault), Alert::revoked);
  EXPECT_FALSE(client->make_join(wall, number, test::no_keys));
}

// RG-06, KI-10: what the key log is given, and nothing once it is erased
TEST(AssociationRecord, KI_10_reveals_what_the_party_holds_and_nothing_after_its_end) {
  for (std::uint8_t party = 0; party <= 2; ++party) {
    const auto record = test::TestAssociation{}.record(party);
    std::size_t shown = 0;
    const auto count = [&](const wire::ItemName& name, Bytes secret) {
      ++shown;
      EXPECT_TRUE(equal(secret, test::TestAssociation::secret_of(name).expose()));
    };
    record->reveal_secrets(count);
    EXPECT_EQ(shown, party == 0 ? 7U : 6U) << int{party};  // docs/protocol.md §5, the first example
    shown = 0;
    record->end(Alert::revoked);
    record->reveal_secrets(count);
    EXPECT_EQ(shown, 0U);
  }
}

}  // namespace
}  // namespace louver::session
