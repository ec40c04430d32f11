#include "runtime/tcp.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "runtime/system_error.h"

namespace louver::runtime {

namespace {

template <class Call>
ssize_t uninterrupted(Call call) {
  while (true) {
    const ssize_t result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Result<Descriptor> make_tcp_socket(bool v4) {
  Descriptor out{::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!out) return system_fault(Fault::internal_error, "making a socket", errno);
  return out;
}

void prepare_connected(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on,
             sizeof on);  // fails on what is not TCP (tests) or gone: either way no matter
}

void probe_when_idle(int socket, std::chrono::seconds idle) {
  const auto set = [socket](int level, int option, int value) {
    setsockopt(socket, level, option, &value, sizeof value);  // fails on what is not TCP (tests) or gone: no matter
  };
  const int seconds = static_cast<int>(idle.count());
  set(IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(seconds / 3, 1));
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 3 * 1000 * seconds);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

void reset_on_close(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int pending_error(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Received receive(int socket, MutableBytes room) {
  const ssize_t got = uninterrupted([&] { return ::recv(socket, room.data(), room.size(), MSG_DONTWAIT); });
  if (got > 0) return {.count = static_cast<std::size_t>(got)};
  if (got == 0) return {.end = true};
  if (would_block(errno)) return {};
  return {.error = errno};
}

bool is_quiet(int socket) {
  std::byte first{};
  const ssize_t got = uninterrupted([&] { return ::recv(socket, &first, 1, MSG_DONTWAIT | MSG_PEEK); });
  return got < 0 && would_block(errno);
}

std::size_t unacknowledged_bytes(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

SentBytes send(int socket, std::span<iovec> runs, bool more) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  const ssize_t sent = uninterrupted([&] {
    if (runs.size() == 1) return ::send(socket, runs[0].iov_base, runs[0].iov_len, flags);  // the kernel does less
    msghdr message{};
    message.msg_iov = runs.data();
    message.msg_iovlen = runs.size();
    return ::sendmsg(socket, &message, flags);
  });
  if (sent >= 0) return {.count = static_cast<std::size_t>(sent)};
  if (would_block(errno)) return {};
  return {.error = errno};
}

}  // namespace louver::runtime
