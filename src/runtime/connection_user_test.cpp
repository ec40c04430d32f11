#include "runtime/connection_user.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/test_support.h"
#include "runtime/user_names.h"

/// JN-06: whose connection it is, also when somebody tries to pass for another.
namespace louver::runtime {
namespace {

using namespace testing;
using Kind = ConnectionUser::Kind;

constexpr uid_t another_user = 65534;

ConnectionUsers& users() {
  static ConnectionUsers opened = [] {
    auto made = ConnectionUsers::open();
    if (!made) ADD_FAILURE() << describe(made.error());
    return *std::move(made);
  }();
  return opened;
}
ConnectionUser own() { return ConnectionUser::local(::geteuid()); }

/// A listener on a free port there, and what connects to it.
struct Door {
  Descriptor listener;
  SocketAddress where;

  explicit Door(const SocketAddress& at, bool both_families = false) {
    listener = Descriptor{::socket(at.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int only_v6 = both_families ? 0 : 1;
    if (!at.ip.is_v4()) ::setsockopt(listener.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
    const NativeAddress address = native(at);
    open = ::bind(listener.fd(), address.get(), address.size) == 0 && ::listen(listener.fd(), 64) == 0;
    where = {at.ip, local_address_of(listener.fd()).port};
  }
  Socket accept() { return socket_of(Descriptor{::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)}); }
  bool open = false;
};

Door v4_door() { return Door{{loopback, 0}}; }

/// A connection that is made, and held, by a process of another user. Only root can have one.
class AnothersConnection {
 public:
  explicit AnothersConnection(const SocketAddress& where) {
    child_ = ::fork();
    if (child_ != 0) return;
    if (::setresuid(another_user, another_user, another_user) != 0) ::_exit(1);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    // From an address that no other program connects from: else his port may be in use there too, and not free again.
    const NativeAddress from = native({IpAddress::v4({127, 0, 0, 77}), 0});
    if (::bind(socket, from.get(), from.size) != 0) ::_exit(3);
    const NativeAddress address = native(where);
    if (::connect(socket, address.get(), address.size) != 0) ::_exit(2);
    while (true) ::pause();
  }
  AnothersConnection(const AnothersConnection&) = delete;
  AnothersConnection& operator=(const AnothersConnection&) = delete;
  ~AnothersConnection() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_ = -1;
};

void close_with_reset(Descriptor& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

/// From that port, whoever had it before.
Descriptor connection_from(const SocketAddress& source, const SocketAddress& where) {
  Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int on = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const NativeAddress from = native(source);
  EXPECT_EQ(::bind(socket.fd(), from.get(), from.size), 0);
  const NativeAddress to = native(where);
  EXPECT_EQ(::connect(socket.fd(), to.get(), to.size), 0);
  return socket;
}

TEST(ConnectionUser, is_whoever_made_the_socket_at_the_other_end) {
  Door door = v4_door();
  const Descriptor far = plain_connection(door.where);
  EXPECT_EQ(users().of(door.accept()), own());
}

// JN-06
TEST(ConnectionUser, JN_06_another_users_connection_is_his_and_ours_beside_it_is_ours) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  Door door = v4_door();
  const AnothersConnection his{door.where};
  const Socket first = door.accept();
  const Descriptor far = plain_connection(door.where);
  const Socket second = door.accept();
  EXPECT_EQ(users().of(first), ConnectionUser::local(another_user));
  EXPECT_EQ(users().of(second), own());
  EXPECT_EQ(users().of(first), ConnectionUser::local(another_user));
}

TEST(ConnectionUser, is_found_over_ipv6_and_over_ipv4_in_ipv6) {
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  Door six{{IpAddress::v6(one), 0}};
  if (!six.open) GTEST_SKIP() << "no IPv6 here";
  const Descriptor far = plain_connection(six.where);
  EXPECT_EQ(users().of(six.accept()), own());

  Door both{{IpAddress::v6({}), 0}, true};
  const Descriptor four = plain_connection({loopback, both.where.port});
  EXPECT_EQ(users().of(both.accept()), own());

  // The client's socket is of IPv6, the addresses on the wire are not.
  Door door = v4_door();
  Descriptor mapped{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::array<std::uint8_t, 16> inside{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  const NativeAddress to = native({IpAddress::v6(inside), door.where.port});
  ASSERT_EQ(::connect(mapped.fd(), to.get(), to.size), 0);
  EXPECT_EQ(users().of(door.accept()), own());
}

TEST(ConnectionUser, one_that_has_said_all_and_still_listens_is_known) {
  Door door = v4_door();
  const Descriptor far = plain_connection(door.where);
  ::shutdown(far.fd(), SHUT_WR);
  EXPECT_EQ(users().of(door.accept()), own());
}

// JN-06: the kernel shows user 0 for a socket that nobody holds any more.
TEST(ConnectionUser, JN_06_one_that_was_closed_is_nobodys_and_not_roots) {
  Door door = v4_door();
  Descriptor far = plain_connection(door.where);
  const Socket near = door.accept();
  ASSERT_EQ(users().of(near), own());
  far.reset();
  EXPECT_EQ(users().of(near).kind, Kind::unknown);
}

TEST(ConnectionUser, JN_06_one_that_was_reset_is_nobodys) {
  Door door = v4_door();
  Descriptor far = plain_connection(door.where);
  const Socket near = door.accept();
  close_with_reset(far);
  EXPECT_EQ(users().of(near).kind, Kind::unknown);
}

// JN-06: a request that waits to be accepted must not be taken for that of whoever has the port when it is looked at.
TEST(ConnectionUser, JN_06_a_port_that_changed_hands_does_not_lend_its_new_owners_name) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  Door door = v4_door();
  SocketAddress source;
  Socket left_behind;
  {
    const AnothersConnection his{door.where};
    left_behind = door.accept();
    source = left_behind.remote;
    ASSERT_EQ(users().of(left_behind), ConnectionUser::local(another_user));
  }  // he is gone; his connection is closed in order, and we still have our end
  EXPECT_EQ(users().of(left_behind).kind, Kind::unknown);
  close_with_reset(left_behind.descriptor);

  Descriptor far = connection_from(source, door.where);
  Socket before = door.accept();
  ASSERT_EQ(before.remote, source);
  close_with_reset(far);  // what was sent on it could still be read
  const Descriptor again = connection_from(source, door.where);
  const Socket after = door.accept();
  ASSERT_EQ(after.remote, source);
  EXPECT_EQ(users().of(before).kind, Kind::unknown);
  EXPECT_EQ(users().of(after), own());
}

// JN-06: where there is no such connection, the kernel would show who listens on that port.
TEST(ConnectionUser, JN_06_whoever_listens_on_the_port_is_not_meant) {
  Door door = v4_door();
  const Door other = v4_door();
  const Descriptor far = plain_connection(door.where);
  Socket pretended = door.accept();
  pretended.remote = other.where;
  EXPECT_EQ(users().of(pretended).kind, Kind::unknown);
}

TEST(ConnectionUser, an_address_of_this_machine_is_never_remote_and_another_always_is) {
  Door door = v4_door();
  const Descriptor far = plain_connection(door.where);
  Socket pretended = door.accept();
  pretended.remote = {IpAddress::v4({127, 0, 0, 77}), 1};
  EXPECT_EQ(users().of(pretended).kind, Kind::unknown);
  pretended.remote = {IpAddress::v4({192, 0, 2, 1}), 1};
  EXPECT_EQ(users().of(pretended).kind, Kind::remote);
  pretended.local = pretended.remote;
  EXPECT_EQ(users().of(pretended).kind, Kind::unknown);
}

TEST(ConnectionUser, answers_of_many_threads_are_not_mixed_up) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  Door door = v4_door();
  const AnothersConnection his{door.where};
  const Socket first = door.accept();
  const Descriptor far = plain_connection(door.where);
  const Socket second = door.accept();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 200; ++n) {
        const bool is_his = (n + i) % 2 == 0;
        if (users().of(is_his ? first : second) != (is_his ? ConnectionUser::local(another_user) : own())) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ConnectionUser, is_told_so_fast_that_a_loop_can_ask) {
  Door door = v4_door();
  const Descriptor far = plain_connection(door.where);
  const Socket near = door.accept();
  const Duration before = cpu_time();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(users().of(near), own());
  const auto each = std::chrono::duration_cast<std::chrono::nanoseconds>(cpu_time() - before) / 1000;
  RecordProperty("nanoseconds", static_cast<int>(each.count()));
  EXPECT_LT(each, 1ms);
}

TEST(ConnectionUser, reads_as_a_log_says_it) {
  EXPECT_EQ(to_string(ConnectionUser::local(1000)), "1000");
  EXPECT_EQ(to_string(ConnectionUser{Kind::remote, 0}), "remote");
  EXPECT_EQ(to_string(ConnectionUser{}), "unknown");
}

TEST(UserNames, are_looked_up_and_numbers_are_taken_as_they_are) {
  EXPECT_EQ(*user_by_name("root"), 0U);
  EXPECT_EQ(*user_by_name("0"), 0U);
  EXPECT_EQ(*user_by_name("4294967294"), 4294967294U);
  for (const char* nobody : {"no-such-user-here", "4294967295", "4294967296", "-1", ""}) {
    const auto found = user_by_name(nobody);
    ASSERT_FALSE(found) << nobody;
    EXPECT_EQ(found.error().fault, Fault::configuration);
  }
}

}  // namespace
}  // namespace louver::runtime
