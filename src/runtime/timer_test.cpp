#include "runtime/timer.h"

#include <gtest/gtest.h>

#include <optional>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;

TEST(Timer, calls_back_once_at_its_time_and_not_before) {
  Loop loop;
  Timer timer{loop};
  const TimePoint when = now() + 20ms;
  int calls = 0;
  TimePoint called;
  timer.expires_at(when, [&] {
    ++calls;
    called = now();
  });
  EXPECT_TRUE(timer.is_set());
  EXPECT_TRUE(run_until(loop, [&] { return calls == 1; }));
  EXPECT_GE(called, when);
  EXPECT_FALSE(timer.is_set());
  run_for(loop, 30ms);
  EXPECT_EQ(calls, 1);
}

TEST(Timer, a_time_that_has_passed_expires_soon_but_not_within_the_call) {
  Loop loop;
  Timer timer{loop};
  bool called = false;
  timer.expires_at(now() - 1s, [&] { called = true; });
  EXPECT_FALSE(called);
  EXPECT_TRUE(run_until(loop, [&] { return called; }));
}

TEST(Timer, cancelled_it_never_calls_even_if_the_time_has_passed) {
  Loop loop;
  Timer timer{loop};
  Timer other{loop};
  bool called = false;
  bool cancelled = false;
  const TimePoint when = now() - 1ms;  // both expire in the same turn of the loop, so the second is already queued
  other.expires_at(when - 1ms, [&] {
    timer.cancel();
    cancelled = true;
  });
  timer.expires_at(when, [&] { called = true; });
  EXPECT_TRUE(run_until(loop, [&] { return cancelled; }));
  run_ready(loop);
  EXPECT_FALSE(called);
  EXPECT_FALSE(timer.is_set());
}

TEST(Timer, destroyed_it_never_calls) {
  Loop loop;
  std::optional<Timer> timer{std::in_place, loop};
  Timer other{loop};
  bool called = false;
  bool destroyed = false;
  other.expires_at(now() - 2ms, [&] {
    timer.reset();
    destroyed = true;
  });
  timer->expires_at(now() - 1ms, [&] { called = true; });
  EXPECT_TRUE(run_until(loop, [&] { return destroyed; }));
  run_ready(loop);
  EXPECT_FALSE(called);
}

TEST(Timer, set_anew_it_forgets_the_time_before) {
  Loop loop;
  Timer timer{loop};
  std::string called;
  timer.expires_at(now() + 1ms, [&] { called += "old"; });
  timer.expires_at(now() + 10ms, [&] { called += "new"; });
  EXPECT_TRUE(run_until(loop, [&] { return !called.empty(); }));
  run_for(loop, 10ms);
  EXPECT_EQ(called, "new");
}

TEST(Timer, set_anew_while_its_turn_was_next_it_waits_for_the_new_time) {
  Loop loop;
  Timer timer{loop};
  Timer other{loop};
  bool set_anew = false;
  bool called = false;
  other.expires_at(now() - 2ms, [&] {
    timer.expires_at(now() + 1h, [&] { called = true; });
    set_anew = true;
  });
  timer.expires_at(now() - 1ms, [&] { called = true; });
  EXPECT_TRUE(run_until(loop, [&] { return set_anew; }));
  run_ready(loop);
  EXPECT_FALSE(called);
  EXPECT_TRUE(timer.is_set());
}

TEST(Timer, may_be_set_anew_and_destroyed_in_its_callback) {
  Loop loop;
  std::optional<Timer> timer{std::in_place, loop};
  int calls = 0;
  std::function<void()> tick = [&] {
    if (++calls < 3) {
      timer->expires_at(now() + 1ms, tick);
    } else {
      timer.reset();
    }
  };
  timer->expires_at(now(), tick);
  EXPECT_TRUE(run_until(loop, [&] { return calls == 3; }));
  EXPECT_FALSE(timer.has_value());
}

TEST(Timer, frees_what_its_callback_owns_when_cancelled) {
  Loop loop;
  Timer timer{loop};
  auto owned = std::make_shared<int>(1);
  timer.expires_at(now() + 1h, [owned] {});
  EXPECT_EQ(owned.use_count(), 2);
  timer.cancel();
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace louver::runtime
