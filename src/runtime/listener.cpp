#include "runtime/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

#include "base/bytes.h"
#include "runtime/accepting.h"
#include "runtime/clock.h"
#include "runtime/endpoint.h"
#include "runtime/local_socket.h"
#include "runtime/rate_limit.h"
#include "runtime/sockaddr.h"
#include "runtime/system_error.h"
#include "runtime/tcp.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {

namespace {

constexpr int accepts_in_a_turn = 32;

/// Errors of the connection that was to be accepted, after which the next may be (accept(2)).
bool is_of_the_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EPERM:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

std::string_view remedy(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; stop the program that listens there or choose another port";
    case EACCES:
      return "; ports below 1024 need the capability CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "; no interface of this host has that address";
    case EAFNOSUPPORT:
      return "; this host has no such protocol, try an IPv4 address";
    default:
      return "";
  }
}

Error cannot_listen(const SocketAddress& where, int error) {
  Error out = system_fault(Fault::configuration, "cannot listen on " + where.to_string(), error);
  out.detail += remedy(error);
  return out;
}

Result<SocketAddress> parse_where(std::string_view where) {
  LOUVER_ASSIGN(const auto parts, split_host_port(where));
  const auto ip = IpAddress::parse(parts.first);
  if (!ip) {
    return Error{Fault::configuration, "cannot listen on \"" + printable(where) +
                                           "\": give an address, not a name: 127.0.0.1, 0.0.0.0, [::1] or [::]"};
  }
  return SocketAddress{*ip, parts.second};
}

Result<Descriptor> listen_on(const SocketAddress& where, int backlog) {
  LOUVER_ASSIGN(Descriptor socket, make_tcp_socket(where.ip.is_v4()));
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a restart need not wait for old connections
  if (!where.ip.is_v4()) {
    const int only_v6 = kind_of(where.ip) == AddressKind::unspecified ? 0 : 1;
    setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  }
  const NativeAddress address = native(where);
  if (::bind(socket.fd(), address.get(), address.size) != 0) return cannot_listen(where, errno);
  if (::listen(socket.fd(), backlog) != 0) return cannot_listen(where, errno);
  return socket;
}

}  // namespace

class Listener::Acceptor : public std::enable_shared_from_this<Listener::Acceptor> {
 public:
  Acceptor(LoopPool& pool, ListenerOptions options, OnSocket on_socket, OnTrouble on_trouble)
      : pool_(pool),
        options_(std::move(options)),
        delivery_(std::make_shared<Delivery>(std::move(on_socket))),
        on_trouble_(std::move(on_trouble)),
        again_(pool.at(0)) {}

  Result<> start(Descriptor socket, std::string name, std::unique_ptr<SocketFile> file) {
    address_ = local_address_of(socket.fd());
    name_ = std::move(name);
    file_ = std::move(file);
    auto weak = weak_from_this();
    LOUVER_ASSIGN(watch_, Watch::open(pool_.at(0), std::move(socket),
                                      {.on_readable = [weak] { turn(weak); }, .on_writable = {}}));
    watch_.wait_readable();
    return {};
  }

  void stop() {
    delivery_->open = false;
    file_.reset();  // before its socket
    watch_.close();
    again_.cancel();
  }

  const SocketAddress& address() const { return address_; }

 private:
  /// What other threads see of a listener.
  struct Delivery {
    explicit Delivery(OnSocket to_call) : on_socket(std::move(to_call)) {}
    const OnSocket on_socket;
    std::atomic<bool> open{true};
  };

  /// Held here while callbacks run: they may destroy the listener.
  static void turn(const std::weak_ptr<Acceptor>& weak) {
    if (const auto self = weak.lock()) self->accept_turn();
  }

  void accept_turn() {
    for (int i = 0; i < accepts_in_a_turn && watch_; ++i) {
      NativeAddress from;
      Descriptor socket{::accept4(watch_.fd(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (socket) {
        place(std::move(socket), address_from(*from.get()).value_or(SocketAddress{}));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (!is_of_the_connection(errno)) {
        return back_off(errno);
      }
    }
    watch_.wait_readable();
  }

  /// Without descriptors or memory the connection stays in the queue and the socket readable: waiting for it would
  /// spin.
  void back_off(int error) {
    again_.expires_at(now() + pause_without_resources, [weak = weak_from_this()] { turn(weak); });
    complain("cannot accept connections: " + words_of(error) +
             "; raise the limit of open files (ulimit -n) or lower the limits");
  }

  void place(Descriptor descriptor, const SocketAddress& remote) {
    Socket socket{.descriptor = std::move(descriptor), .remote = remote};
    socket.local = local_address_of(socket.descriptor.fd());
    std::shared_ptr<void> admitted;
    if (options_.limits) {
      auto token = options_.limits->admit(socket.remote.ip);
      if (!token)
        return complain("refused a connection" + (file_ ? "" : " from " + socket.remote.to_string()) + ": " +
                        token.error().detail);
      admitted = *std::move(token);
    }
    Loop& loop = pool_.least_loaded();
    socket.held = std::move(admitted);
    socket.hold(loop.add_load());
    loop.post([delivery = delivery_, &loop, socket = std::move(socket)]() mutable {
      if (delivery->open) delivery->on_socket(loop, std::move(socket));
    });
  }

  void complain(std::string what) {
    const auto held_back = complaints_.admit(now());
    if (!held_back || !on_trouble_) return;
    what = name_ + ": " + what;
    if (*held_back > 0) what += " (and " + std::to_string(*held_back) + " more since the last such line)";
    on_trouble_(what);
  }

  LoopPool& pool_;
  ListenerOptions options_;
  std::shared_ptr<Delivery> delivery_;
  OnTrouble on_trouble_;
  Watch watch_;
  Timer again_;
  SocketAddress address_;
  std::string name_;                  // for complaints
  std::unique_ptr<SocketFile> file_;  // of a Unix socket
  RateLimit complaints_{between_complaints};
};

Result<std::unique_ptr<Listener>> Listener::open(LoopPool& pool, std::string_view where, ListenerOptions options,
                                                 OnSocket on_socket, OnTrouble on_trouble) {
  LOUVER_ASSIGN(const SocketAddress address, parse_where(where));
  LOUVER_ASSIGN(Descriptor socket, listen_on(address, options.backlog));
  auto acceptor = std::make_shared<Acceptor>(pool, std::move(options), std::move(on_socket), std::move(on_trouble));
  const std::string name = local_address_of(socket.fd()).to_string();
  LOUVER_TRY(acceptor->start(std::move(socket), name, nullptr));
  return std::unique_ptr<Listener>{new Listener{std::move(acceptor)}};
}

Result<std::unique_ptr<Listener>> Listener::open_local(LoopPool& pool, const std::string& path, mode_t mode,
                                                       ListenerOptions options, OnSocket on_socket,
                                                       OnTrouble on_trouble) {
  LOUVER_ASSIGN(LocalSocket socket, listen_locally(path, mode, options.backlog));
  auto acceptor = std::make_shared<Acceptor>(pool, std::move(options), std::move(on_socket), std::move(on_trouble));
  LOUVER_TRY(acceptor->start(std::move(socket.descriptor), printable(path), std::move(socket.file)));
  return std::unique_ptr<Listener>{new Listener{std::move(acceptor)}};
}

Listener::~Listener() { acceptor_->stop(); }

const SocketAddress& Listener::address() const { return acceptor_->address(); }

}  // namespace louver::runtime
