#include "runtime/connector.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/resolver.h"
#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class ConnectorTest : public ::testing::Test {
 protected:
  /// A name service that counts its questions.
  Resolver resolver{[this](const std::string& name) -> Result<Addresses> {
    const std::scoped_lock lock{mutex};
    ++questions;  // whoever has the lock and sees the count comes after this answer
    const auto found = names.find(name);
    if (found == names.end()) return Error{Fault::next_hop_refused, "the name does not resolve"};
    return found->second;
  }};

  void start(const Endpoint& to, ConnectOptions options = {.allow_private = true}, Duration within = 10s) {
    result.reset();
    connector.emplace(loop, resolver, to, options, now() + within,
                      [this](Result<Socket> got) { result.emplace(std::move(got)); });
  }
  void connect(const Endpoint& to, ConnectOptions options = {.allow_private = true}, Duration within = 10s) {
    start(to, options, within);
    ASSERT_TRUE(run_until(loop, [&] { return result.has_value(); }));
  }
  std::string detail_of_refusal() {
    if (!result || *result) return "no refusal";
    EXPECT_EQ(result->error().fault, Fault::next_hop_refused);
    return result->error().detail;
  }
  static Endpoint endpoint(std::string_view host, std::uint16_t port) { return *Endpoint::make(host, port); }

  /// A port of loopback where nobody listens.
  static std::uint16_t closed_port() { return plain_listener().second.port; }

  Loop loop;
  std::mutex mutex;
  std::map<std::string, Addresses> names;
  std::atomic<int> questions{0};
  std::optional<Connector> connector;
  std::optional<Result<Socket>> result;
};

TEST_F(ConnectorTest, connects_to_an_address) {
  const auto [listener, where] = plain_listener();
  start(endpoint("127.0.0.1", where.port));
  EXPECT_FALSE(result) << "not from within the constructor";
  ASSERT_TRUE(run_until(loop, [&] { return result.has_value(); }));
  ASSERT_TRUE(*result) << describe(result->error());
  Socket& socket = result->value();
  EXPECT_EQ(socket.remote, where);
  EXPECT_NE(socket.local.port, 0);
  EXPECT_EQ(questions, 0);
  const Descriptor accepted{::accept(listener.fd(), nullptr, nullptr)};
  send_all(accepted.fd(), "hello");
  Recorder handler;
  Link link{loop, std::move(socket), handler};
  link.resume_reading();
  EXPECT_TRUE(run_until(loop, [&] { return handler.text == "hello"; }));
}

TEST_F(ConnectorTest, connects_over_ipv6) {
  Descriptor listener{::socket(AF_INET6, SOCK_STREAM, 0)};
  const NativeAddress any = native({ip("::1"), 0});
  ASSERT_EQ(::bind(listener.fd(), any.get(), any.size), 0);
  ASSERT_EQ(::listen(listener.fd(), 1), 0);
  const SocketAddress where = local_address_of(listener.fd());
  connect(endpoint("::1", where.port));
  ASSERT_TRUE(*result) << describe(result->error());
  EXPECT_EQ(result->value().remote, where);
}

TEST_F(ConnectorTest, resolves_a_name_once_and_goes_through_its_addresses_in_turn) {
  const auto [listener, where] = plain_listener();
  names["hop.test"] = {ip("127.0.0.2"), ip("::1"), loopback};  // nobody listens on that port of the first two
  connect(endpoint("hop.test", where.port));
  ASSERT_TRUE(*result) << describe(result->error());
  EXPECT_EQ(result->value().remote.ip, loopback);
  EXPECT_EQ(questions, 1);
}

TEST_F(ConnectorTest, reports_each_address_and_its_reason_for_the_log) {
  names["hop.test"] = {loopback, ip("127.0.0.2")};
  const std::uint16_t port = closed_port();
  connect(endpoint("hop.test", port));
  const std::string detail = detail_of_refusal();
  EXPECT_THAT(detail, HasSubstr("hop.test:" + std::to_string(port)));
  EXPECT_THAT(detail, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(detail, HasSubstr("127.0.0.2:"));
  EXPECT_THAT(detail, HasSubstr("refused"));
}

TEST_F(ConnectorTest, an_unknown_name_is_the_same_fault_as_a_refusal) {
  connect(endpoint("nobody.test", 1));
  EXPECT_THAT(detail_of_refusal(), HasSubstr("does not resolve"));
}

TEST_F(ConnectorTest, refuses_private_addresses_whatever_name_or_spelling_leads_there) {
  const auto [listener, where] = plain_listener();
  const char* const spellings[] = {"127.0.0.1",
                                   "127.0.0.53",
                                   "127.255.255.254",
                                   "0.0.0.0",
                                   "10.1.2.3",
                                   "172.16.0.1",
                                   "192.168.1.1",
                                   "169.254.169.254",
                                   "100.64.0.1",
                                   "224.0.0.1",
                                   "255.255.255.255",
                                   "240.0.0.1",
                                   "198.18.0.1",
                                   "192.0.2.2",
                                   "::",
                                   "::1",
                                   "::127.0.0.1",
                                   "::ffff:127.0.0.1",
                                   "::ffff:7f00:1",
                                   "0:0:0:0:0:ffff:127.0.0.1",
                                   "::ffff:169.254.169.254",
                                   "::ffff:8.8.8.8",
                                   "64:ff9b::127.0.0.1",
                                   "64:ff9b:1::1",
                                   "2002:7f00:1::1",
                                   "2001:0:1::1",
                                   "fe80::1",
                                   "fec0::1",
                                   "fc00::1",
                                   "fd00::2",
                                   "ff02::1",
                                   "100::1",
                                   "2001:db8::1"};
  for (const char* spelling : spellings) {
    connect(endpoint(spelling, where.port), {});
    EXPECT_THAT(detail_of_refusal(),
                ::testing::AnyOf(HasSubstr("not allowed"), HasSubstr("not an address of one host")))
        << spelling;
    names["rebound.test"] = {ip(spelling)};
    connect(endpoint("rebound.test", where.port), {});
    EXPECT_THAT(detail_of_refusal(),
                ::testing::AnyOf(HasSubstr("not allowed"), HasSubstr("not an address of one host")))
        << spelling;
  }
  ::fcntl(listener.fd(), F_SETFL, O_NONBLOCK);
  EXPECT_EQ(::accept(listener.fd(), nullptr, nullptr), -1) << "somebody came";
}

TEST_F(ConnectorTest, unspecified_and_multicast_addresses_are_never_allowed) {
  for (const char* address : {"0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"}) {
    EXPECT_FALSE(check_destination(ip(address), true)) << address;
  }
  EXPECT_TRUE(check_destination(loopback, true));
  EXPECT_TRUE(check_destination(ip("10.0.0.1"), true));
  EXPECT_TRUE(check_destination(ip("8.8.8.8"), false));
  EXPECT_TRUE(check_destination(ip("2606:4700::1"), false));
}

TEST_F(ConnectorTest, passes_over_addresses_that_are_not_allowed) {
  const auto [listener, where] = plain_listener();
  names["mixed.test"] = {ip("0.0.0.0"), loopback};
  connect(endpoint("mixed.test", where.port));
  ASSERT_TRUE(*result) << describe(result->error());
}

TEST_F(ConnectorTest, connects_to_the_address_it_checked_though_the_name_has_changed) {
  const auto [listener, where] = plain_listener();
  names["turns.test"] = {loopback};
  start(endpoint("turns.test", where.port));
  while (questions == 0) std::this_thread::yield();
  {
    const std::scoped_lock lock{mutex};
    names["turns.test"] = {ip("127.0.0.9")};
  }
  ASSERT_TRUE(run_until(loop, [&] { return result.has_value(); }));
  ASSERT_TRUE(*result);
  EXPECT_EQ(result->value().remote.ip, loopback);
  EXPECT_EQ(questions, 1);
}

/// A listening socket whose queue is full: further connections get no answer, as behind a filter.
struct Filtered {
  Filtered() {
    auto [socket, address] = plain_listener(0);
    where = address;
    listener = std::move(socket);
    for (int i = 0; i < 4; ++i) {
      Descriptor one{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
      const NativeAddress to = native(where);
      static_cast<void>(::connect(one.fd(), to.get(), to.size));
      waiting.push_back(std::move(one));
    }
  }
  Descriptor listener;
  SocketAddress where;
  std::vector<Descriptor> waiting;
};

TEST_F(ConnectorTest, gives_up_at_the_deadline) {
  const Filtered filtered;
  const TimePoint start_time = now();
  connect(endpoint("127.0.0.1", filtered.where.port), {.allow_private = true}, 100ms);
  detail_of_refusal();
  EXPECT_GE(now() - start_time, 100ms);
  EXPECT_LT(now() - start_time, 2s);
}

TEST_F(ConnectorTest, a_silent_address_does_not_use_up_the_time_of_the_next) {
  const Filtered filtered;
  Descriptor other{::socket(AF_INET, SOCK_STREAM, 0)};
  const NativeAddress address = native({ip("127.0.0.3"), filtered.where.port});
  ASSERT_EQ(::bind(other.fd(), address.get(), address.size), 0);
  ASSERT_EQ(::listen(other.fd(), 4), 0);
  names["hop.test"] = {loopback, ip("127.0.0.3")};
  connect(endpoint("hop.test", filtered.where.port), {.allow_private = true}, 400ms);
  ASSERT_TRUE(*result) << describe(result->error());
  EXPECT_EQ(result->value().remote.ip, ip("127.0.0.3"));
}

TEST_F(ConnectorTest, failures_can_be_held_so_that_all_take_the_same_time) {
  const Filtered filtered;
  const ConnectOptions held{.allow_private = true, .hold_failures = true};
  const ConnectOptions held_and_public{.allow_private = false, .hold_failures = true};
  const std::tuple<const char*, Endpoint, ConnectOptions> ways[] = {
      {"closed", endpoint("127.0.0.1", closed_port()), held},
      {"filtered", endpoint("127.0.0.1", filtered.where.port), held},
      {"unknown name", endpoint("nobody.test", 1), held},
      {"private", endpoint("127.0.0.1", 1), held_and_public},
  };
  for (const auto& [what, to, options] : ways) {
    const TimePoint start_time = now();
    connect(to, options, 100ms);
    detail_of_refusal();
    EXPECT_GE(now() - start_time, 100ms) << what;
    EXPECT_LT(now() - start_time, 1s) << what;
  }
  const auto [listener, where] = plain_listener();
  const TimePoint start_time = now();
  connect(endpoint("127.0.0.1", where.port), held, 20s);
  EXPECT_TRUE(*result);
  EXPECT_LT(now() - start_time, 5s) << "success is told at once";
}

TEST_F(ConnectorTest, destroyed_it_calls_nobody) {
  const auto [listener, where] = plain_listener();
  start(endpoint("127.0.0.1", where.port));
  connector.reset();
  start(endpoint("nobody.test", 1));
  connector.reset();
  run_for(loop, 30ms);
  EXPECT_FALSE(result);
}

TEST_F(ConnectorTest, may_be_destroyed_in_its_callback) {
  const auto [listener, where] = plain_listener();
  for (const std::uint16_t port : {where.port, closed_port()}) {
    connector.emplace(loop, resolver, endpoint("127.0.0.1", port), ConnectOptions{.allow_private = true}, now() + 10s,
                      [&](Result<Socket>) { connector.reset(); });
    EXPECT_TRUE(run_until(loop, [&] { return !connector; }));
  }
  run_ready(loop);
}

TEST_F(ConnectorTest, uses_no_time_while_it_waits) {
  const Filtered filtered;
  start(endpoint("127.0.0.1", filtered.where.port));
  const Duration before = cpu_time();
  run_for(loop, 300ms);
  EXPECT_LT(cpu_time() - before, 30ms);
  EXPECT_FALSE(result);
}

TEST_F(ConnectorTest, a_deadline_that_has_passed_is_a_refusal) {
  const auto [listener, where] = plain_listener();
  connect(endpoint("127.0.0.1", where.port), {.allow_private = true}, -1s);
  EXPECT_THAT(detail_of_refusal(), HasSubstr("deadline"));
}

}  // namespace
}  // namespace louver::runtime
