#include "runtime/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "runtime/loop_pool.h"
#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;

TEST(Loop, runs_posted_tasks_in_order_and_never_within_post) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.post([&] { order += 'c'; });
    order += 'a';
  });
  loop.post([&] { order += 'b'; });
  EXPECT_EQ(order, "");
  EXPECT_TRUE(run_until(loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, "abc");
}

TEST(Loop, takes_tasks_that_can_only_be_moved) {
  Loop loop;
  int seen = 0;
  loop.post([&seen, owned = std::make_unique<int>(5)] { seen = *owned; });
  EXPECT_TRUE(run_until(loop, [&] { return seen == 5; }));
}

TEST(Loop, takes_tasks_from_other_threads_and_runs_them_on_its_own) {
  Loop loop;
  std::atomic<int> wrong_thread{0};
  int count = 0;
  std::vector<std::thread> others;
  for (int t = 0; t < 4; ++t) {
    others.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        loop.post([&] {
          ++count;
          if (!loop.on_own_thread()) ++wrong_thread;
        });
      }
      if (loop.on_own_thread()) ++wrong_thread;
    });
  }
  EXPECT_TRUE(run_until(loop, [&] { return count == 4000; }));
  for (std::thread& other : others) other.join();
  EXPECT_EQ(wrong_thread, 0);
}

TEST(Loop, run_until_returns_at_the_deadline) {
  Loop loop;
  EXPECT_FALSE(loop.run_until([] { return false; }, now() + 10ms));
}

TEST(Loop, uses_no_time_while_nothing_happens) {
  Loop loop;
  const Duration before = cpu_time();
  run_for(loop, 300ms);
  EXPECT_LT(cpu_time() - before, 30ms);
}

TEST(Loop, destroys_tasks_that_it_did_not_come_to) {
  auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([owned] {});
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Loop, handle_says_when_the_loop_is_gone) {
  auto loop = std::make_unique<Loop>();
  const LoopHandle handle = loop->handle();
  bool done = false;
  EXPECT_TRUE(handle.post([&] { done = true; }));
  EXPECT_TRUE(run_until(*loop, [&] { return done; }));
  loop.reset();
  EXPECT_FALSE(handle.post([] {}));
}

TEST(Loop, load_counts_until_the_token_is_dropped_even_after_the_loop) {
  auto loop = std::make_unique<Loop>();
  auto one = loop->add_load();
  auto two = loop->add_load();
  EXPECT_EQ(loop->load(), 2U);
  one.reset();
  EXPECT_EQ(loop->load(), 1U);
  loop.reset();
  two.reset();
}

TEST(Loop, reports_each_signal_on_its_thread_and_goes_on) {
  Loop loop;
  std::vector<int> seen;
  loop.on_signals({SIGUSR1, SIGHUP}, [&](int signal) { seen.push_back(signal); });
  std::raise(SIGUSR1);
  ASSERT_TRUE(run_until(loop, [&] { return seen.size() == 1; }));
  std::raise(SIGHUP);
  ASSERT_TRUE(run_until(loop, [&] { return seen.size() == 2; }));
  std::raise(SIGUSR1);
  ASSERT_TRUE(run_until(loop, [&] { return seen.size() == 3; }));
  EXPECT_EQ(seen, (std::vector{SIGUSR1, SIGHUP, SIGUSR1}));
}

TEST(Loop, signals_under_load_disturb_nothing) {
  Loop loop;
  int signals = 0;
  loop.on_signals({SIGUSR1}, [&](int) { ++signals; });
  std::atomic<bool> stop{false};
  std::thread sender{[&] {
    for (int i = 0; i < 10000; ++i) kill(getpid(), SIGUSR1);
    stop = true;
  }};
  int work = 0;
  std::function<void()> more = [&] {
    ++work;
    if (!stop) loop.post(more);
  };
  loop.post(more);
  EXPECT_TRUE(run_until(loop, [&] { return stop && signals > 0; }));
  sender.join();
  run_ready(loop);
  EXPECT_GT(work, 0);
}

TEST(LoopPool, runs_each_loop_on_a_thread_of_its_own_and_stops) {
  LoopPool pool{3};
  std::mutex mutex;
  std::vector<std::thread::id> threads;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    pool.at(i).post([&] {
      const std::scoped_lock lock{mutex};
      threads.push_back(std::this_thread::get_id());
      if (threads.size() == pool.size()) pool.stop();
    });
  }
  ASSERT_TRUE(pool.run());
  ASSERT_EQ(threads.size(), 3U);
  EXPECT_NE(threads[0], threads[1]);
  EXPECT_NE(threads[1], threads[2]);
  EXPECT_NE(threads[0], threads[2]);
}

TEST(LoopPool, runs_the_first_loop_on_the_calling_thread) {
  LoopPool pool{2};
  std::thread::id first;
  pool.at(0).post([&] {
    first = std::this_thread::get_id();
    pool.stop();
  });
  ASSERT_TRUE(pool.run());
  EXPECT_EQ(first, std::this_thread::get_id());
}

TEST(LoopPool, least_loaded_spreads_sessions) {
  LoopPool pool{3};
  std::vector<std::shared_ptr<void>> sessions;
  for (int i = 0; i < 9; ++i) sessions.push_back(pool.least_loaded().add_load());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.at(i).load(), 3U);
  sessions.erase(sessions.begin() + 1);  // the first on loop 1
  EXPECT_EQ(&pool.least_loaded(), &pool.at(1));
}

TEST(LoopPool, has_at_least_one_loop) { EXPECT_EQ(LoopPool{0}.size(), 1U); }

TEST(LoopPool, makes_sigpipe_harmless) {
  LoopPool pool{1};
  std::raise(SIGPIPE);
}

TEST(LoopPool, leaves_signals_to_the_first_thread) {
  LoopPool pool{2};
  int seen = 0;
  std::atomic<bool> blocked_elsewhere{false};
  pool.at(0).on_signals({SIGUSR1}, [&](int) {
    ++seen;
    pool.stop();
  });
  pool.at(1).post([&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked_elsewhere = sigismember(&mask, SIGUSR1) == 1;
    kill(getpid(), SIGUSR1);
  });
  ASSERT_TRUE(pool.run());
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(blocked_elsewhere);
}

}  // namespace
}  // namespace louver::runtime
