#include "session/expiry_clock.h"

#include <gtest/gtest.h>

/// RS-02: an association ends at the latest 60 s after a certificate of its parties has expired, whatever the wall
/// clock does meanwhile. The owner of the clock calls check() at deadline() (and maybe oftener).
namespace louver::session {
namespace {

using namespace std::chrono_literals;

constexpr WallTime present{24h * 365 * 55};

struct World {
  Now now{TimePoint{1h}, present};
  ExpiryClock clock;

  void pass(Duration time) {
    now.mono += time;
    now.wall += time;
  }
  /// Lives on by the clock's own deadlines. @return how long it took to notice the end, if it does so within `most`
  std::optional<Duration> noticed_within(Duration most) {
    const TimePoint begun = now.mono;
    while (clock.deadline() <= begun + most) {
      if (clock.deadline() > now.mono) pass(clock.deadline() - now.mono);
      if (const auto fine = clock.check(now); !fine) {
        EXPECT_EQ(fine.error().fault, Fault::certificate_expired);
        EXPECT_EQ(alert_for(fine.error().fault), Alert::revoked);
        return now.mono - begun;
      }
      EXPECT_GT(clock.deadline(), now.mono) << "it must not spin";
      if (clock.deadline() <= now.mono) return std::nullopt;
    }
    return std::nullopt;
  }
};

TEST(ExpiryClock, RS_02_notices_the_end_when_it_comes) {
  for (const Duration life :
       {Duration{1ms}, Duration{20s}, Duration{29s + 999ms}, Duration{30s}, Duration{70s}, Duration{24h}}) {
    World world;
    world.clock.start(present + life, world.now);
    const auto after = world.noticed_within(life + 60s);
    ASSERT_TRUE(after);
    EXPECT_GE(*after, life) << "not before";
    EXPECT_LE(*after, life + 20ms) << "and hardly later";
  }
}

TEST(ExpiryClock, RS_02_one_that_has_expired_already_ends_at_once) {
  for (const Duration ago : {Duration{0}, Duration{1s}, Duration{24h}}) {
    World world;
    world.clock.start(present - ago, world.now);
    const auto after = world.noticed_within(1s);
    ASSERT_TRUE(after);
    EXPECT_LE(*after, 20ms);
  }
}

TEST(ExpiryClock, RS_02_a_wall_clock_that_is_set_forward_is_noticed_within_thirty_seconds) {
  World world;
  world.clock.start(present + 24h, world.now);
  EXPECT_FALSE(world.noticed_within(1h));
  world.now.wall += 24h;
  const auto after = world.noticed_within(60s);
  ASSERT_TRUE(after);
  EXPECT_LE(*after, 30s);
}

TEST(ExpiryClock, RS_02_one_that_is_set_back_ends_nothing_early_and_the_end_is_noticed_all_the_same) {
  World world;
  world.clock.start(present + 20s, world.now);
  world.now.wall -= 10min;
  const auto after = world.noticed_within(20min);
  ASSERT_TRUE(after);
  EXPECT_GE(*after, 10min + 20s);
  EXPECT_LE(*after, 10min + 20s + 20ms);
}

TEST(ExpiryClock, RS_02_looks_at_least_every_thirty_seconds) {
  World world;
  world.clock.start(present + 24h, world.now);
  TimePoint before = world.now.mono;
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(world.clock.deadline() - before, limits::expiry_check);
    before = world.clock.deadline();
    world.pass(before - world.now.mono);
    ASSERT_TRUE(world.clock.check(world.now));
  }
  static_assert(limits::expiry_check <= 60s, "RS-02");
}

TEST(ExpiryClock, without_any_certificate_there_is_nothing_to_wait_for) {
  World world;
  world.clock.start(WallTime::max(), world.now);
  EXPECT_EQ(world.clock.deadline(), TimePoint::max());
  world.now.wall = WallTime::max() - 1h;
  EXPECT_TRUE(world.clock.check(world.now));
}

TEST(ExpiryClock, says_nothing_before_it_is_started) {
  ExpiryClock clock;
  EXPECT_EQ(clock.deadline(), TimePoint::max());
  EXPECT_TRUE(clock.check({TimePoint{1h}, WallTime::max()}));
}

}  // namespace
}  // namespace louver::session
