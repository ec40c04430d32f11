#include "measure/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <thread>

namespace louver::measure {
namespace {

TEST(ProcessUsage, reads_the_first_number_of_schedstat) {
  EXPECT_EQ(time_in_schedstat("123456789 42 7\n"), 123456789U);
  EXPECT_EQ(time_in_schedstat("0 0 0\n"), 0U);
}

TEST(ProcessUsage, takes_nothing_else_for_a_time) {
  for (const char* text : {"", "\n", "-1 0 0", "x", "99999999999999999999 1 1"}) EXPECT_FALSE(time_in_schedstat(text));
}

TEST(ProcessUsage, reads_resident_memory_and_not_its_peak) {
  EXPECT_EQ(resident_in_status("Name:\tlouver\nVmHWM:\t    9000 kB\nVmRSS:\t    5120 kB\nRssAnon:\t 1 kB\n"), 5120U);
}

TEST(ProcessUsage, finds_no_resident_memory_where_there_is_none) {
  for (const char* text : {"", "Name:\tVmRSS: 1 kB", "Name:\tx\nVmRSS:", "Name:\tx\nVmRSS:\t kB"})
    EXPECT_FALSE(resident_in_status(text)) << text;
}

TEST(ProcessUsage, sums_what_old_and_new_threads_used) {
  const auto used = used_between({{1, 100}, {2, 50}}, {{1, 130}, {2, 50}, {3, 7}});
  ASSERT_TRUE(used);
  EXPECT_EQ(*used, 37U);
}

TEST(ProcessUsage, refuses_a_figure_where_a_thread_ended) {
  EXPECT_FALSE(used_between({{1, 100}, {2, 50}}, {{1, 130}}));
}

TEST(ProcessUsage, refuses_a_figure_of_nothing) { EXPECT_FALSE(used_between({{1, 100}}, {{1, 100}})); }

TEST(ProcessUsage, sees_this_process_work_by_much_less_than_a_tick) {
  const auto before = thread_times(getpid());
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->contains(static_cast<pid_t>(gettid())));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{20};
  volatile unsigned work = 0;
  while (std::chrono::steady_clock::now() < until) work = work + 1;
  std::this_thread::yield();  // the time of a thread that runs is brought up to date when it is scheduled
  const auto after = thread_times(getpid());
  ASSERT_TRUE(after);
  const auto used = used_between(*before, *after);
  ASSERT_TRUE(used);
  EXPECT_LT(*used, 10'000'000'000U);
  EXPECT_GT(*resident_kib(getpid()), 100U);
}

TEST(ProcessUsage, says_so_where_there_is_no_such_process) {
  const pid_t nobody = std::numeric_limits<pid_t>::max();
  EXPECT_FALSE(thread_times(nobody));
  EXPECT_FALSE(resident_kib(nobody));
}

}  // namespace
}  // namespace louver::measure
