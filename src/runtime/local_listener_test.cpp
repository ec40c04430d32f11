#include "runtime/local_listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/loop_pool.h"
#include "runtime/test_support.h"

/// AD-02: commands are taken from this machine's own user, on a socket that nobody else reaches.
namespace louver::runtime {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

Descriptor connected_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(out.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return out;
}

class LocalListenerTest : public ::testing::Test {
 protected:
  LocalListenerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "louver-local-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
  }
  ~LocalListenerTest() override { std::filesystem::remove_all(folder); }

  Result<std::unique_ptr<LocalListener>> try_to_open(const std::string& where) {
    return LocalListener::open(
        loop(), where, [this](Socket socket) { sockets.push_back(std::move(socket)); },
        [this](const std::string& what) { troubles.push_back(what); });
  }
  std::unique_ptr<LocalListener> open(const std::string& where) {
    auto opened = try_to_open(where);
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  std::string refusal(const std::string& where) {
    const auto opened = try_to_open(where);
    if (opened) return "it was opened";
    EXPECT_EQ(opened.error().fault, Fault::configuration);
    return opened.error().detail;
  }
  Loop& loop() { return pool.at(0); }
  std::string path(const std::string& name = "control") const { return (folder / name).string(); }

  std::filesystem::path folder;
  LoopPool pool{1};
  std::vector<Socket> sockets;
  std::vector<std::string> troubles;
};

// AD-02
TEST_F(LocalListenerTest, AD_02_makes_a_socket_for_its_owner_only_whatever_the_umask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
    const mode_t before = ::umask(mask);
    const auto listener = open(path());
    ::umask(before);
    struct stat made {};
    ASSERT_EQ(::lstat(path().c_str(), &made), 0);
    EXPECT_TRUE(S_ISSOCK(made.st_mode));
    EXPECT_EQ(made.st_mode & 07777U, 0600U) << "umask " << mask;
  }
}

TEST_F(LocalListenerTest, hands_over_what_its_own_user_connects) {
  const auto listener = open(path());
  std::vector<Descriptor> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connected_to(path()));
    ASSERT_TRUE(clients.back());
    ASSERT_TRUE(run_until(loop(), [&] { return sockets.size() == clients.size(); }));
  }
  EXPECT_TRUE(troubles.empty());
  for (const Socket& socket : sockets)
    EXPECT_NE(::fcntl(socket.descriptor.fd(), F_GETFD) & FD_CLOEXEC, 0) << "children do not inherit it";
}

TEST_F(LocalListenerTest, removes_its_file_and_takes_nobody_more_when_it_goes) {
  auto listener = open(path());
  listener.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(connected_to(path()));
  run_ready(loop());
  EXPECT_TRUE(sockets.empty());
}

TEST_F(LocalListenerTest, leaves_a_file_alone_that_somebody_has_put_in_its_place) {
  auto listener = open(path());
  std::filesystem::remove(path());
  std::ofstream{path()} << "mine";
  listener.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(LocalListenerTest, takes_the_place_of_one_that_a_process_left_behind) {
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), path().size());
    const Descriptor dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    ASSERT_EQ(::bind(dead.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  const auto listener = open(path());
  const Descriptor client = connected_to(path());
  EXPECT_TRUE(run_until(loop(), [&] { return sockets.size() == 1; }));
}

// AD-02
TEST_F(LocalListenerTest, AD_02_never_takes_the_place_of_one_that_answers_or_of_anything_else) {
  const auto listener = open(path());
  EXPECT_THAT(refusal(path()), AllOf(HasSubstr("in use by another process"), HasSubstr("socket of its own")));
  EXPECT_TRUE(connected_to(path())) << "the first goes on";

  std::ofstream{path("file")} << "mine";
  EXPECT_THAT(refusal(path("file")), HasSubstr("no socket of this user"));
  EXPECT_EQ(std::filesystem::file_size(path("file")), 4U);
  std::filesystem::create_directory(path("folder"));
  EXPECT_THAT(refusal(path("folder")), HasSubstr("no socket of this user"));
  std::filesystem::create_symlink(path("file"), path("link"));
  EXPECT_THAT(refusal(path("link")), HasSubstr("no socket of this user"));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  std::filesystem::create_symlink(path("nowhere"), path("dangling"));
  EXPECT_THAT(refusal(path("dangling")), HasSubstr("no socket of this user"));
}

TEST_F(LocalListenerTest, refuses_paths_that_cannot_be_one) {
  EXPECT_THAT(refusal(""), HasSubstr("1 to 107 octets"));
  EXPECT_THAT(refusal(path(std::string(120, 'x'))), HasSubstr("1 to 107 octets"));
  EXPECT_THAT(refusal(path("missing/control")), HasSubstr("cannot listen on"));
}

// AD-02
TEST_F(LocalListenerTest, AD_02_another_user_is_refused_even_where_the_file_would_let_him) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const auto listener = open(path());
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  std::filesystem::permissions(path(), std::filesystem::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool other = ::setgid(65534) == 0 && ::setuid(65534) == 0;
    const Descriptor socket = connected_to(path());
    char octet = 0;
    ::_exit(other && socket && ::recv(socket.fd(), &octet, 1, 0) <= 0 ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  EXPECT_TRUE(run_until(loop(), [&] { return !troubles.empty(); }));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "it connected, and was cut off without an octet";
  EXPECT_THAT(troubles.at(0), HasSubstr("refused user 65534"));
  EXPECT_TRUE(sockets.empty());
}

/// Somebody who answers on a thread of his own, octet by octet as told.
class Answering {
 public:
  Answering(const std::string& path, std::string answer) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_ = Descriptor{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::bind(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.fd(), 1), 0);
    thread_ = std::jthread{[this, answer = std::move(answer)] {
      const Descriptor peer{::accept(socket_.fd(), nullptr, nullptr)};
      char octet = 0;
      while (octet != '\n' && ::recv(peer.fd(), &octet, 1, 0) == 1) asked_ += octet;
      for (const char c : answer) {
        if (::send(peer.fd(), &c, 1, MSG_NOSIGNAL) != 1) return;
      }
      if (!answer.empty()) return;
      while (::recv(peer.fd(), &octet, 1, 0) == 1) {
      }
    }};
  }
  std::string asked() {
    thread_.join();
    return asked_;
  }

 private:
  Descriptor socket_;
  std::string asked_;
  std::jthread thread_;
};

TEST_F(LocalListenerTest, a_question_is_one_line_and_so_is_its_answer) {
  Answering there{path(), "{\"ok\":true}\nand more"};
  const auto answer = ask_locally(path(), "{\"command\":\"status\"}", 1000, 10s);
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(*answer, "{\"ok\":true}");
  EXPECT_EQ(there.asked(), "{\"command\":\"status\"}\n");
}

TEST_F(LocalListenerTest, an_answer_that_is_cut_off_too_long_or_late_is_none) {
  const auto fault_of = [&](const std::string& name, const std::string& answer, Duration at_most) {
    Answering there{path(name), answer};
    const auto got = ask_locally(path(name), "x", 100, at_most);
    EXPECT_FALSE(got);
    return got ? Fault::internal_error : got.error().fault;
  };
  EXPECT_EQ(fault_of("cut", "{\"ok\"", 10s), Fault::connection_lost);
  EXPECT_EQ(fault_of("long", std::string(100'000, 'x'), 10s), Fault::limit_exceeded);
  EXPECT_EQ(fault_of("late", "", 50ms), Fault::timeout);
}

TEST_F(LocalListenerTest, where_nobody_listens_the_asker_is_told_what_to_look_for) {
  const auto missing = ask_locally(path(), "x", 100, 1s);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::configuration);
  EXPECT_THAT(missing.error().detail, HasSubstr("is the process running"));
  EXPECT_FALSE(ask_locally("", "x", 100, 1s));
}

}  // namespace
}  // namespace louver::runtime
