#include "runtime/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "runtime/test_support.h"
#include "runtime/timer.h"

namespace louver::runtime {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class ListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Listener> open(std::string_view where, ListenerOptions options = {}) {
    auto opened = Listener::open(
        pool, where, std::move(options), [this](Loop&, Socket socket) { sockets.push_back(std::move(socket)); },
        [this](const std::string& what) { troubles.push_back(what); });
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  Error refusal(std::string_view where) {
    auto opened = Listener::open(pool, where, {}, [](Loop&, Socket) {}, {});
    if (!opened) return opened.error();
    ADD_FAILURE() << where << " was accepted";
    return {};
  }
  bool until(const std::function<bool()>& done) { return run_until(pool.at(0), done); }

  LoopPool pool{1};
  std::vector<Socket> sockets;
  std::vector<std::string> troubles;
};

TEST_F(ListenerTest, takes_a_free_port_and_hands_over_what_connects) {
  const auto listener = open("127.0.0.1:0");
  ASSERT_NE(listener->port(), 0);
  EXPECT_EQ(listener->address().ip, loopback);
  const Descriptor client = plain_connection(listener->address());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  EXPECT_EQ(sockets[0].remote, local_address_of(client.fd()));
  EXPECT_EQ(sockets[0].local, listener->address());
  send_all(client.fd(), "hello");
  EXPECT_EQ(receive_all(client.fd(), 0), "");
  char text[5] = {};
  EXPECT_EQ(::recv(sockets[0].descriptor.fd(), text, sizeof text, MSG_WAITALL), 5);
}

TEST_F(ListenerTest, sockets_are_not_inherited_by_children) {
  const auto listener = open("127.0.0.1:0");
  const Descriptor client = plain_connection(listener->address());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  for (int fd = 3; fd < 100; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    sockaddr_storage address;
    socklen_t size = sizeof address;
    if (flags < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    EXPECT_TRUE((flags & FD_CLOEXEC) != 0) << fd;
  }
}

TEST_F(ListenerTest, listens_on_ipv6_alone_or_with_ipv4) {
  const auto only_v6 = open("[::1]:0");
  const Descriptor six = plain_connection(only_v6->address());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  const auto both = open("[::]:0");
  const Descriptor four = plain_connection({loopback, both->port()});
  ASSERT_TRUE(until([&] { return sockets.size() == 2; }));
  EXPECT_EQ(sockets[1].remote.ip, loopback) << "not in its mapped form";
}

TEST_F(ListenerTest, accepts_many_at_once) {
  const auto listener = open("127.0.0.1:0");
  std::vector<Descriptor> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(plain_connection(listener->address()));
  EXPECT_TRUE(until([&] { return sockets.size() == 200; }));
}

TEST_F(ListenerTest, names_what_is_wrong_with_an_address) {
  for (const char* where : {"", "127.0.0.1", "localhost:1", "127.1:1", "0x7f.1:1", "[::1:1", "127.0.0.1:x",
                            "127.0.0.1:65536", "example.org:443", ":443", "*:443"}) {
    const Error error = refusal(where);
    EXPECT_EQ(error.fault, Fault::configuration);
    EXPECT_THAT(error.detail, HasSubstr(std::string{"\""} + where + "\""));
  }
  EXPECT_THAT(refusal("localhost:1").detail, HasSubstr("give an address, not a name"));
}

TEST_F(ListenerTest, names_an_address_that_is_in_use_or_not_ours) {
  const auto listener = open("127.0.0.1:0");
  const Error in_use = refusal(listener->address().to_string());
  EXPECT_EQ(in_use.fault, Fault::configuration);
  EXPECT_THAT(in_use.detail, HasSubstr(listener->address().to_string()));
  EXPECT_THAT(in_use.detail, HasSubstr("in use"));
  const Error foreign = refusal("203.0.113.77:0");
  EXPECT_EQ(foreign.fault, Fault::configuration);
  EXPECT_THAT(foreign.detail, HasSubstr("no interface of this host"));
}

TEST_F(ListenerTest, listens_again_at_once_after_connections_have_been_closed) {
  auto listener = open("127.0.0.1:0");
  const std::string where = listener->address().to_string();
  const Descriptor client = plain_connection(listener->address());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  sockets.clear();  // our side closes first and keeps the port in TIME_WAIT
  listener.reset();
  EXPECT_TRUE(open(where));
}

TEST_F(ListenerTest, closes_connections_above_the_limit_of_one_source_and_says_so_once) {
  const auto listener = open("127.0.0.1:0", {.limits = std::make_shared<ConnectionLimits>(100, 2)});
  std::vector<Descriptor> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(plain_connection(listener->address()));
  ASSERT_TRUE(until([&] { return sockets.size() == 2; }));
  run_for(pool.at(0), 20ms);
  EXPECT_EQ(sockets.size(), 2U);
  EXPECT_EQ(receive_all(clients[2].fd()), "") << "closed";
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_THAT(troubles[0], HasSubstr("already 2 connections from 127.0.0.1"));
  sockets.pop_back();
  const Descriptor later = plain_connection(listener->address());
  EXPECT_TRUE(until([&] { return sockets.size() == 2; })) << "one was given back";
}

TEST_F(ListenerTest, a_link_gives_its_place_back_when_it_is_closed) {
  const auto limits = std::make_shared<ConnectionLimits>(100, 100);
  const auto listener = open("127.0.0.1:0", {.limits = limits});
  const Descriptor client = plain_connection(listener->address());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  Recorder handler;
  auto link = std::make_unique<Link>(pool.at(0), std::move(sockets[0]), handler);
  sockets.clear();
  EXPECT_EQ(limits->in_all(), 1U);
  EXPECT_EQ(pool.at(0).load(), 1U);
  link.reset();
  EXPECT_EQ(limits->in_all(), 0U);
  EXPECT_EQ(pool.at(0).load(), 0U);
}

TEST_F(ListenerTest, hands_over_nothing_once_it_is_destroyed) {
  auto listener = open("127.0.0.1:0");
  const Descriptor client = plain_connection(listener->address());
  pool.at(0).post([&] { listener.reset(); });
  run_for(pool.at(0), 20ms);
  EXPECT_LE(sockets.size(), 1U);
  const std::size_t before = sockets.size();
  run_for(pool.at(0), 20ms);
  EXPECT_EQ(sockets.size(), before);
}

TEST_F(ListenerTest, may_be_destroyed_in_its_callbacks) {
  auto limits = std::make_shared<ConnectionLimits>(0, 0);
  std::unique_ptr<Listener> listener;
  auto opened = Listener::open(
      pool, "127.0.0.1:0", {.limits = limits}, [](Loop&, Socket) {}, [&](const std::string&) { listener.reset(); });
  ASSERT_TRUE(opened);
  listener = *std::move(opened);
  const SocketAddress where = listener->address();
  const Descriptor one = plain_connection(where);
  const Descriptor two = plain_connection(where);
  EXPECT_TRUE(until([&] { return !listener; }));
  run_ready(pool.at(0));
}

TEST_F(ListenerTest, uses_no_time_while_nobody_connects) {
  const auto listener = open("127.0.0.1:0");
  const Duration before = cpu_time();
  run_for(pool.at(0), 300ms);
  EXPECT_LT(cpu_time() - before, 30ms);
}

TEST(ListenerPool, spreads_connections_over_the_loops_each_on_its_own_thread) {
  LoopPool pool{3};
  std::mutex mutex;
  std::vector<Socket> sockets;
  std::set<Loop*> loops;
  std::atomic<bool> wrong_thread{false};
  auto listener = Listener::open(pool, "127.0.0.1:0", {},
                                 [&](Loop& loop, Socket socket) {
                                   if (!loop.on_own_thread()) wrong_thread = true;
                                   const std::scoped_lock lock{mutex};
                                   sockets.push_back(std::move(socket));
                                   loops.insert(&loop);
                                   if (sockets.size() == 30) pool.stop();
                                 },
                                 {});
  ASSERT_TRUE(listener);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(plain_connection((*listener)->address()));
  ASSERT_TRUE(pool.run());
  EXPECT_FALSE(wrong_thread);
  EXPECT_EQ(loops.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.at(i).load(), 10U);
}

TEST(ListenerPool, connections_that_were_not_handed_over_are_closed_with_the_pool) {
  Descriptor client;
  {
    LoopPool pool{2};
    auto listener = Listener::open(pool, "127.0.0.1:0", {}, [](Loop&, Socket) {}, {});
    ASSERT_TRUE(listener);
    const auto load = pool.at(0).add_load();  // so that the connection goes to loop 1, which does not run
    client = plain_connection((*listener)->address());
    ASSERT_TRUE(run_until(pool.at(0), [&] { return pool.at(1).load() == 1; }));
    listener->reset();
  }
  EXPECT_EQ(receive_all(client.fd()), "");
}

/// In a process of its own: uses up the descriptors, and reports what the listener made of it.
void run_out_of_descriptors() {
  LoopPool pool{1};
  std::vector<Socket> sockets;
  std::vector<std::string> troubles;
  auto opened = Listener::open(
      pool, "127.0.0.1:0", {}, [&](Loop&, Socket socket) { sockets.push_back(std::move(socket)); },
      [&](const std::string& what) { troubles.push_back(what); });
  if (!opened) _exit(10);
  const auto listener = *std::move(opened);
  const Descriptor earlier =
      plain_connection(listener->address());  // also lets the sanitizers see each type once: they use
  Timer timer{pool.at(0)};                    // descriptors of their own for that
  timer.expires_at(now(), [] {});
  if (!run_until(pool.at(0), [&] { return sockets.size() == 1 && !timer.is_set(); })) _exit(16);
  sockets.clear();
  const Descriptor client = plain_connection(listener->address());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 64;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<Descriptor> ballast;
  while (true) {
    Descriptor one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (!one) break;
    ballast.push_back(std::move(one));
  }
  const Duration before = cpu_time();
  run_for(pool.at(0), 500ms);
  const Duration used = cpu_time() - before;
  if (!sockets.empty()) _exit(11);
  if (troubles.size() != 1 || troubles[0].find("Too many open files") == std::string::npos) _exit(12);
  if (used > 100ms) _exit(13);  // spins
  ballast.clear();
  if (!run_until(pool.at(0), [&] { return sockets.size() == 1; })) _exit(14);  // does not recover
  const Descriptor another = plain_connection(listener->address());
  if (!run_until(pool.at(0), [&] { return sockets.size() == 2; })) _exit(15);
  _exit(0);
}

TEST(ListenerDeathTest, without_descriptors_it_neither_spins_nor_gives_up) {
  EXPECT_EXIT(run_out_of_descriptors(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace louver::runtime
