#include "filter/io/mirror/pcap_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <set>
#include <thread>

#include "filter/io/mirror/pcap_reader.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/tap.h"
#include "runtime/test_support.h"

namespace louver::filter::mirror {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SharedBlock block_of(std::string_view text) {
  return std::make_shared<const Buffer>(pcapng_packet(WallTime{}, as_bytes(text), ""));
}

/// A plain connection, which a blocked test gives up.
runtime::Descriptor reader_at(const runtime::SocketAddress& where) {
  runtime::Descriptor out = runtime::testing::plain_connection(where);
  const timeval at_most{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(out.fd(), SOL_SOCKET, SO_RCVTIMEO, &at_most, sizeof at_most);
  return out;
}

/// The packets in the next blocks up to one that holds `last`, at most so many; the section header is "begin".
std::vector<std::string> read_until(int fd, std::string_view last, std::size_t most = SIZE_MAX) {
  std::vector<std::string> out;
  while (out.size() < most && (out.empty() || out.back() != last)) {
    const std::string start = runtime::testing::receive_all(fd, 8);
    if (start.size() < 8) break;
    std::uint32_t type = 0, length = 0;
    std::memcpy(&type, start.data(), 4);
    std::memcpy(&length, start.data() + 4, 4);
    const std::string rest = runtime::testing::receive_all(fd, length - 8);
    if (type == 0x0A0D0D0A) out.emplace_back("begin");
    if (type != 6) continue;
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data() + 12, 4);
    out.push_back(rest.substr(20, size));
  }
  return out;
}

class PcapServerTest : public ::testing::Test {
 protected:
  void open(std::size_t queue = std::size_t{16} << 20) {
    auto opened = PcapServer::open(options(queue));
    ASSERT_TRUE(opened) << describe(opened.error());
    server = *std::move(opened);
    where = {runtime::testing::loopback, port};
  }
  PcapOptions options(std::size_t queue = std::size_t{16} << 20) {
    PcapOptions out;
    out.listen = "127.0.0.1:0";
    out.queue = queue;
    out.admits = [this](const runtime::ConnectionUser& user) {
      return allowed && user == runtime::ConnectionUser::local(::geteuid());
    };
    out.note = [this](const ReaderNote& note) {
      const std::lock_guard lock{mutex};
      if (note.kind == ReaderNote::Kind::listens) {
        const std::string_view digits = note.address.substr(note.address.rfind(':') + 1);
        port = static_cast<std::uint16_t>(std::atoi(std::string{digits}.c_str()));
      }
      notes.emplace_back(note.kind, note.what);
    };
    out.tell = [this](std::string_view what) {
      const std::lock_guard lock{mutex};
      told.emplace_back(what);
    };
    return out;
  }
  runtime::Descriptor reader() {
    const std::uint64_t before = server->arrivals();
    runtime::Descriptor out = reader_at(where);
    EXPECT_TRUE(eventually([&] { return server->arrivals() > before; }));
    return out;
  }
  static bool eventually(const std::function<bool()>& done) {
    const TimePoint until = runtime::now() + 20s;
    while (!done()) {
      if (runtime::now() > until) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  std::size_t noted(ReaderNote::Kind kind, std::string_view what = {}) {
    const std::lock_guard lock{mutex};
    return static_cast<std::size_t>(std::ranges::count_if(
        notes, [&](const auto& one) { return one.first == kind && one.second.find(what) != std::string::npos; }));
  }
  /// A session's packet; with the handshake "entry N" before it for whoever knows nothing of the session.
  void say(std::uint64_t stream, std::string_view text, bool entry = false, bool last = false) {
    server->offer({.stream = stream,
                   .block = block_of(text),
                   .entry = entry ? block_of("entry " + std::to_string(stream)) : nullptr,
                   .last = last});
  }

  std::mutex mutex;
  std::vector<std::pair<ReaderNote::Kind, std::string>> notes;
  std::vector<std::string> told;
  std::atomic<bool> allowed = true;
  std::uint16_t port = 0;
  runtime::SocketAddress where;
  std::shared_ptr<PcapServer> server;  // destroyed first
};

TEST_F(PcapServerTest, a_reader_gets_a_section_and_sessions_from_where_they_can_be_entered) {
  open();
  EXPECT_FALSE(server->wants());
  const runtime::Descriptor first = reader();
  EXPECT_TRUE(server->wants());
  say(1, "one", true);
  say(1, "two");
  say(2, "of a session that began before");
  EXPECT_EQ(read_until(first.fd(), "two"), (std::vector<std::string>{"begin", "entry 1", "one", "two"}));
  const runtime::Descriptor second = reader();
  say(1, "three");
  say(1, "four", true);
  say(1, "five", false, true);
  EXPECT_EQ(read_until(first.fd(), "five"), (std::vector<std::string>{"three", "four", "five"}));
  EXPECT_EQ(read_until(second.fd(), "five"), (std::vector<std::string>{"begin", "entry 1", "four", "five"}));
  say(1, "of a session that is over");
  say(3, "end", true);
  EXPECT_EQ(read_until(second.fd(), "end"), (std::vector<std::string>{"entry 3", "end"}));
}

// FI-07: whoever may not read gets no octet, not even of the header.
TEST_F(PcapServerTest, FI_07_who_may_not_read_is_closed_at_once) {
  open();
  allowed = false;
  const runtime::Descriptor refused = reader_at(where);
  EXPECT_EQ(runtime::testing::receive_all(refused.fd()), "");
  EXPECT_TRUE(eventually([&] { return noted(ReaderNote::Kind::refused, "may not read") == 1; }));
  EXPECT_FALSE(server->wants());
}

TEST_F(PcapServerTest, FI_07_a_new_edition_cuts_off_who_may_read_no_more) {
  open();
  const runtime::Descriptor there = reader();
  server->enter(options().admits);
  say(1, "one", true);
  EXPECT_EQ(read_until(there.fd(), "one").size(), 3U);
  server->enter([](const runtime::ConnectionUser&) { return false; });
  EXPECT_EQ(runtime::testing::receive_all(there.fd()), "");
  EXPECT_TRUE(eventually([&] { return noted(ReaderNote::Kind::ended, "no more") == 1; }));
  server->leave();
  EXPECT_FALSE(server->is_closed());
  server->leave();
  EXPECT_TRUE(server->is_closed());
  say(1, "nobody hears it");
  const runtime::Descriptor late{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const runtime::NativeAddress address = runtime::native(where);
  EXPECT_NE(::connect(late.fd(), address.get(), address.size), 0);
}

// A reader that reads nothing costs its queue and nobody's time.
TEST_F(PcapServerTest, one_that_never_reads_loses_packets_and_no_other_does) {
  constexpr std::size_t queue = std::size_t{1} << 20;
  open(queue);
  const runtime::Descriptor silent = reader();
  const runtime::Descriptor good = reader();
  const std::string large(60'000, 'x');
  Duration longest{};
  for (std::size_t i = 0; i < 1000; ++i) {  // 60 MB
    const TimePoint before = runtime::now();
    say(1, large, i == 0);
    longest = std::max<Duration>(longest, runtime::now() - before);
    const std::string number = "packet " + std::to_string(i);
    say(1, number);
    const std::vector<std::string> got = read_until(good.fd(), number);  // in step, so that its own queue is empty
    ASSERT_EQ(got.size(), i == 0 ? 4U : 2U);
    ASSERT_EQ(got[got.size() - 2].size(), large.size());
  }
  EXPECT_LT(longest, 1s);
  std::vector<std::string> kept;
  std::thread awake{[&] { kept = read_until(silent.fd(), "there is no such packet"); }};
  server.reset();  // what is not told yet is told now
  awake.join();
  std::size_t missing = 0;
  for (const std::string& one : told) {
    EXPECT_THAT(one, HasSubstr(" packets are missing for readers at 127.0.0.1:"));
    missing += static_cast<std::size_t>(std::atoi(one.c_str()));
  }
  EXPECT_GT(missing, 0U);
  EXPECT_EQ(kept.size() - 2 + missing, 2000U);  // without section and entry
  std::size_t octets = 0;
  for (const std::string& one : kept) octets += one.size();
  EXPECT_LT(octets, queue + (std::size_t{16} << 20));  // and what the kernel holds
}

TEST_F(PcapServerTest, what_a_reader_says_is_dropped_and_who_says_much_is_cut_off) {
  open();
  const runtime::Descriptor there = reader();
  runtime::testing::send_all(there.fd(), "GET / HTTP/1.1\r\n\r\n");
  say(1, "one", true);
  EXPECT_EQ(read_until(there.fd(), "one").size(), 3U);
  runtime::testing::send_all(there.fd(), std::string(PcapReader::said_most, '\0'));
  EXPECT_TRUE(eventually([&] { return noted(ReaderNote::Kind::ended, "nothing to say") == 1; }));
  EXPECT_FALSE(server->wants());
}

TEST_F(PcapServerTest, there_are_only_so_many_readers_and_those_that_have_ended_make_room) {
  open();
  std::vector<runtime::Descriptor> there;
  for (std::size_t i = 0; i < PcapServer::readers_most; ++i) there.push_back(reader());
  const runtime::Descriptor one_more = reader_at(where);
  EXPECT_EQ(runtime::testing::receive_all(one_more.fd()), "");
  EXPECT_TRUE(eventually([&] { return noted(ReaderNote::Kind::refused, "8 read already") == 1; }));
  ::shutdown(there[3].fd(), SHUT_WR);  // reads on, as far as anybody knows
  say(1, "one", true);
  EXPECT_EQ(read_until(there[3].fd(), "one").size(), 3U);
  // The end may not have been seen yet: until then a newcomer is refused.
  EXPECT_TRUE(eventually([&] {
    there.push_back(reader_at(where));
    return !runtime::testing::receive_all(there.back().fd(), 4).empty();
  }));
  EXPECT_EQ(runtime::testing::receive_all(there[3].fd()), "");
  there.clear();
  EXPECT_TRUE(eventually([&] {
    say(1, "anybody?");
    return !server->wants();
  }));
}

TEST_F(PcapServerTest, a_unix_socket_is_its_owners_only) {
  const std::string path = std::filesystem::temp_directory_path() / ("louver-pcap-" + std::to_string(::getpid()));
  PcapOptions made = options();
  made.listen.clear();
  made.path = path;
  auto opened = PcapServer::open(std::move(made));
  ASSERT_TRUE(opened) << describe(opened.error());
  server = *std::move(opened);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const runtime::Descriptor there{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(there.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(eventually([&] { return server->arrivals() == 1; }));
  say(1, "one", true);
  EXPECT_EQ(read_until(there.fd(), "one"), (std::vector<std::string>{"begin", "entry 1", "one"}));
  say(1, "the last words", false, true);
  server.reset();
  EXPECT_EQ(read_until(there.fd(), "the last words").back(), "the last words");
  EXPECT_FALSE(std::filesystem::exists(path));
}

// Threads of sessions offer while readers come and go, and while the server is closed.
TEST_F(PcapServerTest, many_threads_and_readers_that_come_and_go_disturb_nobody) {
  open(std::size_t{1} << 20);
  server->enter(options().admits);
  std::atomic<bool> over = false;
  std::vector<std::thread> sessions;
  for (std::uint64_t thread = 0; thread < 3; ++thread) {
    sessions.emplace_back([&, thread] {
      std::uint64_t shown_to = 0;
      for (std::uint64_t turn = 0; !over; ++turn) {
        const std::uint64_t stream = 3 * (turn / 50) + thread, arrivals = server->arrivals();
        const bool first = turn % 50 == 0;
        say(stream, "of " + std::to_string(stream), first || shown_to != arrivals, turn % 50 == 49);
        shown_to = arrivals;
        if (turn % 20 == 0) std::this_thread::sleep_for(100us);  // others have work too
      }
    });
  }
  for (int i = 0; i < 8; ++i) {
    const runtime::Descriptor one = reader();
    std::set<std::string> entered;
    std::size_t unentered = 0;
    for (std::size_t got = 0; got < 1000;) {
      for (const std::string& packet : read_until(one.fd(), "of no session", 100)) {
        ++got;
        if (packet.starts_with("entry ")) entered.insert(packet.substr(6));
        if (packet.starts_with("of ")) unentered += entered.contains(packet.substr(3)) ? 0U : 1U;
      }
    }
    EXPECT_EQ(unentered, 0U);
  }
  const runtime::Descriptor last = reader();
  server->leave();
  runtime::testing::receive_all(last.fd());  // it is cut off
  over = true;
  for (std::thread& one : sessions) one.join();
  EXPECT_TRUE(server->is_closed());
}

TEST_F(PcapServerTest, editions_that_name_the_same_place_share_a_server) {
  Tap before{options()};
  ASSERT_TRUE(before.open());
  before.enter();
  Tap after{options()};
  ASSERT_TRUE(after.open());
  EXPECT_EQ(before.server(), after.server());
  after.enter();
  before.leave();
  EXPECT_FALSE(after.server()->is_closed());
  after.leave();
  EXPECT_TRUE(after.server()->is_closed());
  Tap again{options()};
  ASSERT_TRUE(again.open());
  EXPECT_NE(again.server(), after.server());
}

TEST_F(PcapServerTest, a_place_that_is_taken_is_told) {
  open();
  PcapOptions same = options();
  same.listen = where.to_string();
  const auto second = PcapServer::open(std::move(same));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().detail, HasSubstr("filter mirror: cannot listen on " + where.to_string()));
}

}  // namespace
}  // namespace louver::filter::mirror
