#include "runtime/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;

/// One end of a connection is watched, the test holds the other.
class WatchTest : public ::testing::Test {
 protected:
  struct End {
    Descriptor far;
    Watch watch{};
    int readable = 0;
    int writable = 0;
    std::function<void()> at_readable{};
  };
  void open(End& end) {
    TcpPair pair = tcp_pair();
    end.far = std::move(pair.far);
    auto opened = Watch::open(loop, std::move(pair.near.descriptor),
                              {.on_readable =
                                   [&end] {
                                     ++end.readable;
                                     if (end.at_readable) end.at_readable();
                                   },
                               .on_writable = [&end] { ++end.writable; }});
    ASSERT_TRUE(opened) << describe(opened.error());
    end.watch = *std::move(opened);
  }

  Loop loop;
};

TEST_F(WatchTest, calls_once_for_each_wait_also_if_there_was_something_before) {
  End end;
  open(end);
  send_all(end.far.fd(), "x");
  run_for(loop, 10ms);
  EXPECT_EQ(end.readable, 0) << "nobody waits";
  for (int i = 1; i <= 3; ++i) {
    end.watch.wait_readable();
    end.watch.wait_readable();  // still one
    EXPECT_TRUE(run_until(loop, [&] { return end.readable == i; }));
    run_for(loop, 5ms);
    EXPECT_EQ(end.readable, i);
  }
}

TEST_F(WatchTest, waits_for_room_apart_from_bytes) {
  End end;
  open(end);
  end.watch.wait_readable();
  end.watch.wait_writable();
  EXPECT_TRUE(run_until(loop, [&] { return end.writable == 1; }));
  EXPECT_EQ(end.readable, 0);
  send_all(end.far.fd(), "x");
  EXPECT_TRUE(run_until(loop, [&] { return end.readable == 1; }));
  EXPECT_EQ(end.writable, 1);
}

TEST_F(WatchTest, never_calls_once_it_is_closed_even_if_its_turn_was_next) {
  End one;
  End two;
  open(one);
  open(two);
  one.at_readable = [&] { two.watch.close(); };
  two.at_readable = [&] { one.watch.close(); };
  one.watch.wait_readable();
  two.watch.wait_readable();
  run_ready(loop);
  send_all(one.far.fd(), "x");
  send_all(two.far.fd(), "x");
  run_for(loop, 20ms);
  EXPECT_EQ(one.readable + two.readable, 1);
}

TEST_F(WatchTest, closing_closes_the_descriptor_and_releasing_does_not) {
  End closed;
  open(closed);
  closed.watch.wait_readable();
  closed.watch.close();
  EXPECT_EQ(receive_all(closed.far.fd()), "");
  EXPECT_EQ(closed.watch.fd(), -1);

  End released;
  open(released);
  released.watch.wait_readable();
  const Descriptor back = released.watch.release();
  send_all(released.far.fd(), "still open");
  char text[10] = {};
  EXPECT_EQ(::recv(back.fd(), text, sizeof text, 0), 10);
  run_for(loop, 10ms);
  EXPECT_EQ(closed.readable + released.readable, 0);
}

TEST_F(WatchTest, makes_the_descriptor_non_blocking) {
  End end;
  open(end);
  EXPECT_NE(::fcntl(end.watch.fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(WatchTest, refuses_what_is_no_descriptor) { EXPECT_FALSE(Watch::open(loop, Descriptor{}, {})); }

}  // namespace
}  // namespace louver::runtime
