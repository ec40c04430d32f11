#include "runtime/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;

/// Holds lookups back until it is opened.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int waiting = 0;

  void pass() {
    std::unique_lock lock{mutex};
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    --waiting;
    changed.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return waiting == count; });
  }
  void let_go() {
    const std::scoped_lock lock{mutex};
    open = true;
    changed.notify_all();
  }
};

class ResolverTest : public ::testing::Test {
 protected:
  Loop loop;
  std::shared_ptr<int> requester = std::make_shared<int>(0);
};

TEST_F(ResolverTest, answers_on_the_loops_thread_and_not_within_the_call) {
  Resolver resolver{[](const std::string& name) -> Result<Addresses> {
    if (name != "known.test") return Error{Fault::next_hop_refused, "unknown"};
    return Addresses{loopback};
  }};
  std::vector<std::string> answers;
  const auto note = [&](Result<Addresses> result) {
    EXPECT_TRUE(loop.on_own_thread());
    answers.push_back(result ? result->at(0).to_string() : result.error().detail);
  };
  resolver.resolve("known.test", loop.handle(), requester, note);
  EXPECT_TRUE(answers.empty());
  ASSERT_TRUE(run_until(loop, [&] { return answers.size() == 1; }));
  resolver.resolve("other.test", loop.handle(), requester, note);
  ASSERT_TRUE(run_until(loop, [&] { return answers.size() == 2; }));
  EXPECT_THAT(answers, ::testing::ElementsAre("127.0.0.1", "unknown"));
}

TEST_F(ResolverTest, a_name_that_hangs_does_not_keep_others_waiting) {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver{[gate](const std::string& name) -> Result<Addresses> {
    if (name == "hangs.test") gate->pass();
    return Addresses{loopback};
  }};
  int answers = 0;
  const auto count = [&](const Result<Addresses>&) { ++answers; };
  resolver.resolve("hangs.test", loop.handle(), requester, count);
  gate->wait_for(1);
  resolver.resolve("quick.test", loop.handle(), requester, count);
  ASSERT_TRUE(run_until(loop, [&] { return answers == 1; }));
  gate->let_go();
  ASSERT_TRUE(run_until(loop, [&] { return answers == 2; }));
}

TEST_F(ResolverTest, asks_no_more_at_a_time_than_it_may) {
  const auto gate = std::make_shared<Gate>();
  const auto most = std::make_shared<std::atomic<int>>(0);
  const auto running = std::make_shared<std::atomic<int>>(0);
  Resolver resolver{[gate, most, running](const std::string&) -> Result<Addresses> {
                      *most = std::max<int>(*most, ++*running);
                      gate->pass();
                      --*running;
                      return Addresses{loopback};
                    },
                    2};
  int answers = 0;
  for (int i = 0; i < 10; ++i) {
    resolver.resolve("a.test", loop.handle(), requester, [&](const Result<Addresses>&) { ++answers; });
  }
  gate->wait_for(2);
  gate->let_go();
  ASSERT_TRUE(run_until(loop, [&] { return answers == 10; }));
  EXPECT_LE(*most, 2);
}

TEST_F(ResolverTest, tells_nobody_who_has_gone) {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver{[gate](const std::string&) -> Result<Addresses> {
    gate->pass();
    return Addresses{loopback};
  }};
  bool told = false;
  resolver.resolve("a.test", loop.handle(), requester, [&](const Result<Addresses>&) { told = true; });
  gate->wait_for(1);
  requester.reset();
  gate->let_go();
  gate->wait_for(0);
  run_for(loop, 20ms);
  EXPECT_FALSE(told);
}

TEST_F(ResolverTest, may_go_before_its_answers_and_so_may_the_loop) {
  const auto gate = std::make_shared<Gate>();
  auto other_loop = std::make_unique<Loop>();
  auto resolver = std::make_unique<Resolver>([gate](const std::string&) -> Result<Addresses> {
    gate->pass();
    return Addresses{loopback};
  });
  resolver->resolve("a.test", other_loop->handle(), requester, [](const Result<Addresses>&) { ADD_FAILURE(); });
  gate->wait_for(1);
  resolver.reset();
  other_loop.reset();
  gate->let_go();
  gate->wait_for(0);
}

TEST(LookUpInSystem, knows_localhost_and_says_why_a_name_has_no_address) {
  const auto found = look_up_in_system("localhost");
  if (!found) GTEST_SKIP() << "this system has no localhost (no /etc/hosts): " << describe(found.error());
  for (const IpAddress& address : *found) EXPECT_EQ(kind_of(address), AddressKind::loopback);
  const auto missing = look_up_in_system("no-such-name.invalid");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::next_hop_refused);
  EXPECT_FALSE(missing.error().detail.empty());
}

}  // namespace
}  // namespace louver::runtime
