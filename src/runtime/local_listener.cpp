#include "runtime/local_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/rate_limit.h"
#include "runtime/system_error.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {
namespace {

using namespace std::chrono_literals;

constexpr int accepts_in_a_turn = 8;
constexpr int backlog = 16;
constexpr Duration pause_without_resources = 100ms;
constexpr Duration between_complaints = 10s;

Error cannot(const std::string& what, const std::string& path, int error) {
  return system_fault(Fault::configuration, what + " \"" + printable(path) + "\"", error);
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Fault::configuration, "the path of a Unix socket has 1 to " +
                                           std::to_string(sizeof address.sun_path - 1) + " octets, \"" +
                                           printable(path) + "\" has " + std::to_string(path.size())};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Result<Descriptor> local_socket(int flags) {
  Descriptor out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
  if (!out) return system_fault(Fault::internal_error, "making a socket", errno);
  return out;
}

/// Removes a socket to which nobody listens any more.
Result<> clear_the_place(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return cannot("cannot look at", path, errno);
  }
  if (!S_ISSOCK(found.st_mode) || found.st_uid != ::geteuid()) {
    return Error{Fault::configuration,
                 "\"" + printable(path) + "\" exists and is no socket of this user; remove it or choose another path"};
  }
  LOUVER_ASSIGN(const Descriptor probe, local_socket(SOCK_NONBLOCK));
  if (::connect(probe.fd(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED) {
    return Error{Fault::configuration,
                 "\"" + printable(path) + "\" is in use by another process; give each process a socket of its own"};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot("cannot remove", path, errno);
  return {};
}

Result<Descriptor> listen_on(const std::string& path, const sockaddr_un& address) {
  LOUVER_ASSIGN(Descriptor socket, local_socket(SOCK_NONBLOCK));
  // The file takes its mode from the socket's when it is bound, so it is never open to others, whatever the umask.
  if (::fchmod(socket.fd(), S_IRUSR | S_IWUSR) != 0) return cannot("cannot protect", path, errno);
  if (::bind(socket.fd(), generic(address), sizeof address) != 0) return cannot("cannot listen on", path, errno);
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return cannot("cannot protect", path, errno);  // an odd umask
  if (::listen(socket.fd(), backlog) != 0) return cannot("cannot listen on", path, errno);
  return socket;
}

/// The user at the other end, as the system knows him; nothing if it does not tell.
std::optional<uid_t> user_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return std::nullopt;
  return peer.uid;
}

bool may_connect(uid_t user) { return user == ::geteuid() || user == 0; }

}  // namespace

class LocalListener::Acceptor : public std::enable_shared_from_this<LocalListener::Acceptor> {
 public:
  Acceptor(Loop& loop, std::string path, OnSocket on_socket, OnTrouble on_trouble)
      : loop_(loop),
        path_(std::move(path)),
        on_socket_(std::move(on_socket)),
        on_trouble_(std::move(on_trouble)),
        again_(loop) {}

  Result<> start(Descriptor socket) {
    if (::lstat(path_.c_str(), &made_) != 0) return cannot("cannot look at", path_, errno);
    const auto weak = weak_from_this();
    const auto turn = [weak] {
      if (const auto self = weak.lock()) self->turn();
    };
    LOUVER_ASSIGN(watch_, Watch::open(loop_, std::move(socket), {.on_readable = turn, .on_writable = {}}));
    watch_.wait_readable();
    return {};
  }

  void stop() {
    watch_.close();
    again_.cancel();
    struct stat there {};
    const bool ours =
        ::lstat(path_.c_str(), &there) == 0 && there.st_dev == made_.st_dev && there.st_ino == made_.st_ino;
    if (ours) ::unlink(path_.c_str());
  }

 private:
  void turn() {
    for (int i = 0; i < accepts_in_a_turn; ++i) {
      Descriptor accepted{::accept4(watch_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (accepted) {
        take(std::move(accepted));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        complain(system_fault(Fault::internal_error, "the control socket", errno).detail);
        again_.expires_at(runtime::now() + pause_without_resources, [this] { turn(); });
        return;
      }
    }
    watch_.wait_readable();
  }

  void take(Descriptor accepted) {
    const auto user = user_of(accepted.fd());
    if (!user || !may_connect(*user)) {
      return complain("the control socket refused " + (user ? "user " + std::to_string(*user) : "an unknown user"));
    }
    on_socket_(Socket{std::move(accepted)});
  }

  void complain(const std::string& what) {
    if (complaints_.admit(runtime::now())) on_trouble_(what);
  }

  Loop& loop_;
  std::string path_;
  OnSocket on_socket_;
  OnTrouble on_trouble_;
  struct stat made_ {};
  Watch watch_;
  Timer again_;
  RateLimit complaints_{between_complaints};
};

Result<std::unique_ptr<LocalListener>> LocalListener::open(Loop& loop, const std::string& path, OnSocket on_socket,
                                                           OnTrouble on_trouble) {
  LOUVER_ASSIGN(const sockaddr_un address, address_of(path));
  LOUVER_TRY(clear_the_place(path, address));
  LOUVER_ASSIGN(Descriptor socket, listen_on(path, address));
  auto acceptor = std::make_shared<Acceptor>(loop, path, std::move(on_socket), std::move(on_trouble));
  LOUVER_TRY(acceptor->start(std::move(socket)));
  return std::unique_ptr<LocalListener>{new LocalListener{std::move(acceptor)}};
}

LocalListener::LocalListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
LocalListener::~LocalListener() { acceptor_->stop(); }

// --- the other end

namespace {

/// Waits until something can be done or the time is over.
Result<> wait_for(int socket, short events, TimePoint until) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now()).count();
    if (left <= 0) return Error{Fault::timeout, "the process did not answer in time"};
    pollfd one{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return system_fault(Fault::connection_lost, "waiting for the answer", errno);
  }
}

Result<> send_all(int socket, std::string_view text, TimePoint until) {
  while (!text.empty()) {
    LOUVER_TRY(wait_for(socket, POLLOUT, until));
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
      return system_fault(Fault::connection_lost, "sending the command", errno);
    if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive_line(int socket, std::size_t most_octets, TimePoint until) {
  std::string out;
  std::array<char, 16384> room;
  while (true) {
    LOUVER_TRY(wait_for(socket, POLLIN, until));
    const ssize_t got = ::recv(socket, room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return system_fault(Fault::connection_lost, "reading the answer", errno);
    if (got == 0) return Error{Fault::connection_lost, "the process closed the connection without a whole answer"};
    out.append(room.data(), static_cast<std::size_t>(got));
    if (const auto end = out.find('\n'); end != std::string::npos) return out.substr(0, end);
    if (out.size() > most_octets) return Error{Fault::limit_exceeded, "the answer is too long"};
  }
}

}  // namespace

Result<std::string> ask_locally(const std::string& path, std::string_view line, std::size_t most_octets,
                                Duration at_most) {
  LOUVER_ASSIGN(const sockaddr_un address, address_of(path));
  LOUVER_ASSIGN(const Descriptor socket, local_socket(0));
  if (::connect(socket.fd(), generic(address), sizeof address) != 0) {
    const int error = errno;
    Error failed = cannot("cannot connect to", path, error);
    if (error == ENOENT || error == ECONNREFUSED)
      failed.detail += "; is the process running, with this path in [control] of its configuration?";
    return failed;
  }
  const TimePoint until = now() + at_most;
  LOUVER_TRY(send_all(socket.fd(), std::string{line} + "\n", until));
  return receive_line(socket.fd(), most_octets, until);
}

}  // namespace louver::runtime
