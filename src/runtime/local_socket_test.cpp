#include "runtime/local_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "runtime/connection_user.h"
#include "runtime/connector.h"
#include "runtime/listener.h"
#include "runtime/resolver.h"
#include "runtime/test_support.h"

/// Unix sockets where applications connect to an agent, and where a gateway connects to an origin.
namespace louver::runtime {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class LocalSocketTest : public ::testing::Test {
 protected:
  LocalSocketTest() {
    std::string name = (std::filesystem::temp_directory_path() / "louver-socket-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
  }
  ~LocalSocketTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<Listener> open(mode_t mode = 0600, ListenerOptions options = {}) {
    auto opened = Listener::open_local(
        pool, path(), mode, std::move(options), [this](Loop&, Socket socket) { sockets.push_back(std::move(socket)); },
        [this](const std::string& what) { troubles.push_back(what); });
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  std::string refusal() {
    const auto opened = Listener::open_local(pool, path(), 0600, {}, [](Loop&, Socket) {}, {});
    if (opened) return "it was opened";
    EXPECT_EQ(opened.error().fault, Fault::configuration);
    return opened.error().detail;
  }
  void connect(const std::string& where, Duration within = 10s) {
    result.reset();
    connector.emplace(loop(), resolver, Endpoint::local(where), ConnectOptions{}, now() + within,
                      [this](Result<Socket> got) { result.emplace(std::move(got)); });
  }
  bool until(const std::function<bool()>& done) { return run_until(loop(), done); }
  Loop& loop() { return pool.at(0); }
  std::string path() const { return (folder / "socket").string(); }

  std::filesystem::path folder;
  LoopPool pool{1};
  Resolver resolver;
  std::vector<Socket> sockets;
  std::vector<std::string> troubles;
  std::optional<Connector> connector;
  std::optional<Result<Socket>> result;
};

TEST_F(LocalSocketTest, has_the_mode_that_was_asked_for_whatever_the_umask) {
  for (const mode_t mode : {mode_t{0600}, mode_t{0660}, mode_t{0666}}) {
    const mode_t before = ::umask(0777);
    const auto listener = open(mode);
    ::umask(before);
    struct stat made {};
    ASSERT_EQ(::lstat(path().c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 07777U, mode);
  }
}

TEST_F(LocalSocketTest, a_connector_and_a_listener_meet_and_octets_go_both_ways) {
  const auto listener = open();
  connect(path());
  ASSERT_TRUE(until([&] { return result.has_value() && sockets.size() == 1; }));
  ASSERT_TRUE(*result) << describe(result->error());
  EXPECT_EQ((*result)->remote, SocketAddress{});
  ASSERT_EQ(::send((*result)->descriptor.fd(), "ping", 4, 0), 4);
  char text[4] = {};
  ASSERT_EQ(::recv(sockets[0].descriptor.fd(), text, 4, MSG_WAITALL), 4);
  ASSERT_EQ(::send(sockets[0].descriptor.fd(), "pong", 4, 0), 4);
  ASSERT_EQ(::recv((*result)->descriptor.fd(), text, 4, 0), 4);
  EXPECT_NE(::fcntl(sockets[0].descriptor.fd(), F_GETFD) & FD_CLOEXEC, 0) << "children do not inherit it";
}

TEST_F(LocalSocketTest, JN_06_the_kernel_says_who_connected) {
  const auto listener = open(0666);
  connect(path());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  EXPECT_EQ(user_of_local(sockets[0]), ConnectionUser::local(::geteuid()));
  auto [plain, where] = plain_listener();
  EXPECT_FALSE(user_of_local(socket_of(plain_connection(where)))) << "a TCP socket is for sock_diag";
  if (::geteuid() != 0) GTEST_SKIP() << "only root can play another user";

  std::filesystem::permissions(folder, std::filesystem::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(54321) != 0 || ::setuid(54321) != 0) ::_exit(2);
    const auto address = LocalAddress::of(path());
    const auto socket = make_local_socket(true);
    if (!address || !socket || connect_locally(socket->fd(), *address) != 0) ::_exit(3);
    char octet = 0;
    ::_exit(::recv(socket->fd(), &octet, 1, 0) == 1 ? 0 : 4);
  }
  ASSERT_TRUE(until([&] { return sockets.size() == 2; }));
  EXPECT_EQ(user_of_local(sockets[1]), ConnectionUser::local(54321));
  ASSERT_EQ(::send(sockets[1].descriptor.fd(), "x", 1, 0), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LocalSocketTest, takes_the_place_of_one_left_behind_and_goes_with_its_listener) {
  {
    const auto address = LocalAddress::of(path());
    const auto killed = make_local_socket();
    ASSERT_EQ(::bind(killed->fd(), address->get(), LocalAddress::size), 0);
    ASSERT_EQ(::listen(killed->fd(), 1), 0);
    EXPECT_THAT(refusal(), HasSubstr("in use by another process"));
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  auto listener = open();
  EXPECT_THAT(refusal(), HasSubstr("in use by another process"));
  listener.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(LocalSocketTest, leaves_the_file_alone_that_another_listener_has_made_in_its_place) {
  auto first = open();
  std::filesystem::remove(path());
  auto second = open();
  first.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
  connect(path());
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  EXPECT_TRUE(*result);
  second.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(LocalSocketTest, never_takes_the_place_of_anything_else) {
  std::ofstream{path()} << "mine";
  EXPECT_THAT(refusal(), HasSubstr("is no socket of this user"));
  std::filesystem::remove(path());
  std::filesystem::create_symlink(folder / "elsewhere", path());
  EXPECT_THAT(refusal(), HasSubstr("is no socket of this user"));
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
}

TEST_F(LocalSocketTest, limits_count_its_connections) {
  const auto listener = open(0600, {.limits = std::make_shared<ConnectionLimits>(1, 1)});
  connect(path());
  ASSERT_TRUE(until([&] { return sockets.size() == 1; }));
  connect(path());
  ASSERT_TRUE(until([&] { return troubles.size() == 1; }));
  EXPECT_THAT(troubles[0], HasSubstr(path() + ": refused a connection: "));
}

TEST_F(LocalSocketTest, a_connector_waits_for_room_and_no_longer_than_its_deadline) {
  auto listening = listen_locally(path(), 0600, 0);
  ASSERT_TRUE(listening);
  std::vector<Descriptor> clients;
  const auto address = LocalAddress::of(path());
  int error = 0;
  while (error == 0 && clients.size() < 100) {
    clients.push_back(*make_local_socket());
    error = connect_locally(clients.back().fd(), *address);
  }
  ASSERT_EQ(error, EAGAIN);
  connect(path(), 200ms);
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().fault, Fault::next_hop_refused);
  EXPECT_THAT(result->error().detail, HasSubstr("cannot connect to unix:" + path()));

  connect(path());
  run_for(loop(), 50ms);
  EXPECT_FALSE(result.has_value());
  Descriptor accepted{::accept(listening->descriptor.fd(), nullptr, nullptr)};
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  EXPECT_TRUE(*result);
}

TEST_F(LocalSocketTest, a_connector_says_why_there_is_none) {
  connect(path());
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().fault, Fault::next_hop_refused);
  EXPECT_THAT(result->error().detail, HasSubstr("No such file"));
  connect(std::string(108, 'x'));
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  ASSERT_FALSE(*result);
  EXPECT_THAT(result->error().detail, HasSubstr("1 to 107 octets"));
}

}  // namespace
}  // namespace louver::runtime
