#include "runtime/connection_limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using testing::ip;

TEST(ConnectionLimits, bounds_connections_from_one_source_and_gives_back) {
  ConnectionLimits limits{100, 2};
  auto one = limits.admit(ip("192.0.2.1"));
  auto two = limits.admit(ip("192.0.2.1"));
  ASSERT_TRUE(one);
  ASSERT_TRUE(two);
  const auto refused = limits.admit(ip("192.0.2.1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::limit_exceeded);
  EXPECT_EQ(refused.error().detail, "there are already 2 connections from 192.0.2.1");
  EXPECT_TRUE(limits.admit(ip("192.0.2.2")));
  *two = nullptr;
  EXPECT_TRUE(limits.admit(ip("192.0.2.1")));
}

TEST(ConnectionLimits, one_ipv6_subnet_is_one_source) {
  ConnectionLimits limits{100, 1};
  const auto held = limits.admit(ip("2001:db8::1"));
  ASSERT_TRUE(held);
  EXPECT_FALSE(limits.admit(ip("2001:db8::2")));
  EXPECT_TRUE(limits.admit(ip("2001:db8:0:1::1")));
}

TEST(ConnectionLimits, bounds_connections_in_all) {
  ConnectionLimits limits{2, 100};
  const auto one = limits.admit(ip("192.0.2.1"));
  const auto two = limits.admit(ip("192.0.2.2"));
  const auto refused = limits.admit(ip("192.0.2.3"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "there are already 2 connections in all");
  EXPECT_EQ(limits.in_all(), 2U);
}

TEST(ConnectionLimits, tokens_outlive_it) {
  auto limits = std::make_unique<ConnectionLimits>(1, 1);
  auto token = limits->admit(ip("192.0.2.1"));
  limits.reset();
  *token = nullptr;
}

TEST(ConnectionLimits, counts_right_from_many_threads) {
  ConnectionLimits limits{50, 50};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto token = limits.admit(ip("192.0.2.1"));
        EXPECT_LE(limits.in_all(), 50U);
        EXPECT_TRUE(token);  // four at a time at most
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limits.in_all(), 0U);
}

}  // namespace
}  // namespace louver::runtime
