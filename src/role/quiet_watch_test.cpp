#include "role/quiet_watch.h"

#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace louver::role {
namespace {

using namespace std::chrono_literals;
using runtime::testing::run_for;
using runtime::testing::run_until;

TEST(QuietWatch, tells_once_of_each_pause_and_never_while_something_moves) {
  runtime::Loop loop;
  int told = 0;
  QuietWatch watch{loop, [&] { ++told; }};
  run_for(loop, 700ms);
  EXPECT_EQ(told, 0) << "nothing has moved yet";
  TimePoint last{};
  for (int i = 0; i < 10; ++i) {
    last = runtime::now();
    watch.moved(last);
    run_for(loop, 100ms);
    EXPECT_EQ(told, 0);
  }
  EXPECT_TRUE(run_until(loop, [&] { return told == 1; }));
  EXPECT_GE(runtime::now() - last, 500ms);
  run_for(loop, 700ms);
  EXPECT_EQ(told, 1);
  watch.moved(runtime::now());
  EXPECT_TRUE(run_until(loop, [&] { return told == 2; }));
}

}  // namespace
}  // namespace louver::role
