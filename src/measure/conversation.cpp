#include "measure/conversation.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "measure/message.h"
#include "runtime/clock.h"

namespace louver::measure {
namespace {

constexpr std::size_t piece_octets = std::size_t{64} * 1024;
constexpr std::size_t small_octets = 100;
constexpr std::size_t trips_before = 50;
constexpr timeval look_up_after{.tv_sec = 0, .tv_usec = 200'000};  // from a wait, to see whether it is to go on

Error lost(const char* what, int error) {
  return {Fault::connection_lost, std::string{what} + ": " + std::strerror(error)};
}

Result<> go_on(const Patience& patience) {
  if (patience.stop.stop_requested()) return Error{Fault::revoked, "told to end"};
  if (runtime::now() >= patience.until) return Error{Fault::timeout, "the path did not answer in time"};
  return {};
}

bool waits(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

Result<> send_all(int socket, Bytes octets, const Patience& patience) {
  while (!octets.empty()) {
    LOUVER_TRY(go_on(patience));
    const ssize_t sent = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0 && !waits(errno)) return lost("sending to the agent", errno);
    if (sent > 0) octets = octets.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

/// @return how many octets came; 0 is the end
Result<std::size_t> receive_some(int socket, MutableBytes room, const Patience& patience) {
  while (true) {
    LOUVER_TRY(go_on(patience));
    const ssize_t got = ::recv(socket, room.data(), room.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (!waits(errno)) return lost("receiving from the agent", errno);
  }
}

}  // namespace

Result<Conversation> Conversation::open(std::uint16_t port, const Patience& patience) {
  LOUVER_TRY(go_on(patience));
  Conversation out{runtime::Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}};
  const int socket = out.socket_.fd();
  if (socket < 0) return lost("a socket", errno);
  const int on = 1;
  sockaddr_in agent{};
  agent.sin_family = AF_INET;
  agent.sin_port = htons(port);
  agent.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool set = ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                   ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &look_up_after, sizeof look_up_after) == 0 &&
                   ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &look_up_after, sizeof look_up_after) == 0;
  if (!set || ::connect(socket, reinterpret_cast<const sockaddr*>(&agent), sizeof agent) != 0)
    return lost("connecting to the agent", errno);
  return out;
}

Result<> Conversation::exchange(std::uint64_t octets, std::uint64_t answer, const Patience& patience) {
  Buffer piece(std::min<std::uint64_t>(octets, piece_octets));
  std::ranges::copy(MessageHead{.follow = octets - MessageHead::octets, .answer = answer}.write(), piece.begin());
  for (std::uint64_t left = octets; left > 0;) {
    const std::size_t now = std::min<std::uint64_t>(left, piece.size());
    LOUVER_TRY(send_all(socket_.fd(), Bytes{piece}.first(now), patience));
    left -= now;
  }
  piece.resize(std::max<std::size_t>(piece.size(), small_octets));
  while (answer > 0) {
    const MutableBytes room{piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(answer, piece.size()))};
    LOUVER_ASSIGN(const std::size_t got, receive_some(socket_.fd(), room, patience));
    if (got == 0) return Error{Fault::connection_lost, "the agent ended a connection without the whole answer"};
    answer -= got;
  }
  return {};
}

Result<> Conversation::end(const Patience& patience) {
  if (::shutdown(socket_.fd(), SHUT_WR) != 0) return lost("ending a connection", errno);
  std::byte more{};
  LOUVER_ASSIGN(const std::size_t got, receive_some(socket_.fd(), {&more, 1}, patience));
  if (got != 0) return Error{Fault::connection_lost, "more came than the answer"};
  return {};
}

Result<> send_bulk(std::uint16_t port, std::uint64_t octets, const Patience& patience) {
  LOUVER_ASSIGN(Conversation one, Conversation::open(port, patience));
  LOUVER_TRY(one.exchange(octets, 1, patience));
  return one.end(patience);
}

Result<> hold_conversations(std::uint16_t port, std::size_t count, const Patience& patience) {
  for (std::size_t i = 0; i < count; ++i) {
    LOUVER_ASSIGN(Conversation one, Conversation::open(port, patience));
    LOUVER_TRY(one.exchange(small_octets, small_octets, patience));
    LOUVER_TRY(one.end(patience));
  }
  return {};
}

Result<std::vector<double>> time_round_trips(std::uint16_t port, std::size_t octets, std::size_t count,
                                             const Patience& patience) {
  LOUVER_ASSIGN(Conversation one, Conversation::open(port, patience));
  std::vector<double> out;
  for (std::size_t i = 0; i < trips_before + count; ++i) {
    const TimePoint began = runtime::now();
    LOUVER_TRY(one.exchange(octets, octets, patience));
    const std::chrono::duration<double, std::micro> took = runtime::now() - began;
    if (i >= trips_before) out.push_back(took.count());
  }
  LOUVER_TRY(one.end(patience));
  return out;
}

Result<> end_all(std::vector<Conversation>& open, const Patience& patience) {
  for (Conversation& one : open) LOUVER_TRY(one.end(patience));
  open.clear();
  return {};
}

Result<> open_more(std::vector<Conversation>& open, std::uint16_t port, std::size_t count, const Patience& patience) {
  for (std::size_t i = 0; i < count; ++i) {
    LOUVER_ASSIGN(Conversation one, Conversation::open(port, patience));
    LOUVER_TRY(one.exchange(small_octets, small_octets, patience));
    open.push_back(std::move(one));
  }
  return {};
}

}  // namespace louver::measure
