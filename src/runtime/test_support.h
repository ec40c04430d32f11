#pragma once

/// What the tests of this layer share: waiting with a bound, real socket pairs on loopback, a patterned stream of
/// bytes.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/link.h"
#include "runtime/loop.h"
#include "runtime/sockaddr.h"

namespace louver::runtime::testing {

using namespace std::chrono_literals;

inline constexpr Duration patience = 30s;  // before a test gives up waiting; nothing waits that long when all is well

/// Runs the loop until `done`; false after `patience`.
inline bool run_until(Loop& loop, const std::function<bool()>& done) { return loop.run_until(done, now() + patience); }
/// Runs the loop for a while, when the test is that nothing happens.
inline void run_for(Loop& loop, Duration time) {
  loop.run_until([] { return false; }, now() + time);
}
/// Runs what is ready now.
inline void run_ready(Loop& loop) {
  bool reached = false;
  for (int i = 0; i < 20; ++i) {
    reached = false;
    loop.post([&reached] { reached = true; });
    run_until(loop, [&] { return reached; });
  }
}

/// CPU time of this process.
inline Duration cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

inline const IpAddress loopback = IpAddress::v4({127, 0, 0, 1});

/// A plain blocking listening socket on a free port of loopback.
inline std::pair<Descriptor, SocketAddress> plain_listener(int backlog = 16) {
  Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const NativeAddress any = native({loopback, 0});
  EXPECT_EQ(::bind(socket.fd(), any.get(), any.size), 0);
  EXPECT_EQ(::listen(socket.fd(), backlog), 0);
  const SocketAddress where = local_address_of(socket.fd());
  return {std::move(socket), where};
}

/// A plain blocking connection to there.
inline Descriptor plain_connection(const SocketAddress& where) {
  Descriptor socket{::socket(where.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const NativeAddress address = native(where);
  EXPECT_EQ(::connect(socket.fd(), address.get(), address.size), 0) << where.to_string();
  return socket;
}

inline Socket socket_of(Descriptor descriptor) {
  const int fd = descriptor.fd();
  return {
      .descriptor = std::move(descriptor), .local = local_address_of(fd), .remote = remote_address_of(fd), .held = {}};
}

/// Two ends of a TCP connection over loopback: `near` for a link, `far` as a plain blocking socket.
struct TcpPair {
  Socket near;
  Descriptor far;
};
inline TcpPair tcp_pair() {
  auto [listener, where] = plain_listener();
  Descriptor far = plain_connection(where);
  return {.near = socket_of(Descriptor{::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)}),
          .far = std::move(far)};
}

inline void send_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0) << std::generic_category().message(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}
inline void send_all(int fd, std::string_view text) { send_all(fd, as_bytes(text)); }

/// What comes until the end, or until `most` octets have; blocks.
inline std::string receive_all(int fd, std::size_t most = SIZE_MAX) {
  std::string out;
  char part[4096];
  while (out.size() < most) {
    const ssize_t got = ::recv(fd, part, std::min(sizeof part, most - out.size()), 0);
    if (got <= 0) break;
    out.append(part, static_cast<std::size_t>(got));
  }
  return out;
}

/// A reset instead of an end, with what is unread or unsent dropped.
inline void reset(Descriptor& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

/// Octets `from` to `from + size` of an endless stream that is the same each time and repeats itself only after a prime
/// number.
inline Buffer pattern(std::size_t from, std::size_t size) {
  static const Buffer period = [] {
    Buffer made(1'000'003);
    std::mt19937 random{11};
    for (std::byte& octet : made) octet = static_cast<std::byte>(random() & 0xff);
    return made;
  }();
  Buffer out;
  out.reserve(size);
  while (out.size() < size) {
    const Bytes rest = Bytes{period}.subspan((from + out.size()) % period.size());
    append(out, rest.first(std::min(rest.size(), size - out.size())));
  }
  return out;
}
inline std::byte pattern_at(std::size_t at) { return pattern(at, 1).front(); }

/// Writes down what a link reports. By default it consumes everything.
class Recorder final : public LinkHandler {
 public:
  std::size_t on_bytes(MutableBytes input, const ChunkRef& chunk) override {
    ++calls;
    if (instead) return instead(input, chunk);
    append_text(input);
    return input.size();
  }
  void on_end() override {
    ended = true;
    if (at_end) at_end();
  }
  void on_broken(const Error& error) override {
    broken.push_back(error);
    if (at_break) at_break();
  }
  void on_drained() override {
    ++drained;
    if (at_drain) at_drain();
  }
  void append_text(Bytes bytes) { text += as_text(bytes); }

  std::function<std::size_t(MutableBytes, const ChunkRef&)> instead;
  std::function<void()> at_end;
  std::function<void()> at_break;
  std::function<void()> at_drain;
  std::string text;
  int calls = 0;
  bool ended = false;
  std::vector<Error> broken;
  int drained = 0;
};

}  // namespace louver::runtime::testing
