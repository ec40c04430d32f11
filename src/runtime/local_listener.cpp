#include "runtime/local_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/bytes.h"
#include "runtime/accepting.h"
#include "runtime/clock.h"
#include "runtime/local_socket.h"
#include "runtime/loop.h"
#include "runtime/rate_limit.h"
#include "runtime/system_error.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {
namespace {

constexpr int local_accepts_in_a_turn = 8;
constexpr int local_backlog = 16;

bool may_connect(uid_t user) { return user == ::geteuid() || user == 0; }

}  // namespace

class LocalListener::Acceptor : public std::enable_shared_from_this<LocalListener::Acceptor> {
 public:
  Acceptor(Loop& loop, OnSocket on_socket, OnTrouble on_trouble)
      : loop_(loop), on_socket_(std::move(on_socket)), on_trouble_(std::move(on_trouble)), again_(loop) {}

  Result<> start(LocalSocket socket) {
    file_ = std::move(socket.file);
    const auto weak = weak_from_this();
    const auto turn = [weak] {
      if (const auto self = weak.lock()) self->turn();
    };
    LOUVER_ASSIGN(watch_, Watch::open(loop_, std::move(socket.descriptor), {.on_readable = turn, .on_writable = {}}));
    watch_.wait_readable();
    return {};
  }

  void stop() {
    file_.reset();  // before its socket
    watch_.close();
    again_.cancel();
  }

 private:
  void turn() {
    for (int i = 0; i < local_accepts_in_a_turn; ++i) {
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
    const auto user = local_user_of(accepted.fd());
    if (!user || !may_connect(*user)) {
      return complain("the control socket refused " + (user ? "user " + std::to_string(*user) : "an unknown user"));
    }
    on_socket_(Socket{std::move(accepted)});
  }

  void complain(const std::string& what) {
    if (complaints_.admit(runtime::now())) on_trouble_(what);
  }

  Loop& loop_;
  OnSocket on_socket_;
  OnTrouble on_trouble_;
  std::unique_ptr<SocketFile> file_;
  Watch watch_;
  Timer again_;
  RateLimit complaints_{between_complaints};
};

Result<std::unique_ptr<LocalListener>> LocalListener::open(Loop& loop, const std::string& path, OnSocket on_socket,
                                                           OnTrouble on_trouble) {
  LOUVER_ASSIGN(LocalSocket socket, listen_locally(path, S_IRUSR | S_IWUSR, local_backlog));
  auto acceptor = std::make_shared<Acceptor>(loop, std::move(on_socket), std::move(on_trouble));
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
  LOUVER_ASSIGN(const LocalAddress address, LocalAddress::of(path));
  LOUVER_ASSIGN(const Descriptor socket, make_local_socket(true));
  if (const int error = connect_locally(socket.fd(), address); error != 0) {
    Error failed = system_fault(Fault::configuration, "cannot connect to \"" + printable(path) + "\"", error);
    if (error == ENOENT || error == ECONNREFUSED)
      failed.detail += "; is the process running, with this path in [control] of its configuration?";
    return failed;
  }
  const TimePoint until = now() + at_most;
  LOUVER_TRY(send_all(socket.fd(), std::string{line} + "\n", until));
  return receive_line(socket.fd(), most_octets, until);
}

}  // namespace louver::runtime
