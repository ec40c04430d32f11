#include "runtime/connector.h"

#include <sys/socket.h>

#include <cerrno>

#include "runtime/clock.h"
#include "runtime/local_socket.h"
#include "runtime/loop.h"
#include "runtime/resolver.h"
#include "runtime/sockaddr.h"
#include "runtime/system_error.h"
#include "runtime/tcp.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {
namespace {
constexpr std::chrono::milliseconds pause_when_full{20};
}

Result<> check_destination(const IpAddress& address, bool allow_private) {
  const AddressKind kind = kind_of(address);
  if (kind == AddressKind::unspecified || kind == AddressKind::multicast) {
    return Error{Fault::next_hop_refused, "not an address of one host (" + std::string{name_of(kind)} + ")"};
  }
  if (allow_private) return {};
  if (kind != AddressKind::global) {
    return Error{Fault::next_hop_refused,
                 "the address is " + std::string{name_of(kind)} + ", which is not allowed for this hop"};
  }
  if (is_own_address(address)) {
    return Error{Fault::next_hop_refused, "the address is this host's own, which is not allowed for this hop"};
  }
  return {};
}

class Connector::Attempt : public std::enable_shared_from_this<Connector::Attempt> {
 public:
  Attempt(Loop& loop, Endpoint endpoint, ConnectOptions options, TimePoint deadline, Callback callback)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        options_(options),
        deadline_(deadline),
        callback_(std::move(callback)),
        overall_(loop),
        share_(loop) {}

  void start(Resolver& resolver);
  void cancel();

 private:
  void use(Result<Addresses> addresses);
  bool add(const IpAddress& address);
  void try_next();
  void try_address(const SocketAddress& where);
  void try_local();
  void await_connection(Descriptor socket, const SocketAddress& where);
  void check_connection(const SocketAddress& where);
  void address_failed(const SocketAddress& where, const std::string& why);
  void note(const std::string& why);
  void deadline_passed();
  void fail();
  void finish(Result<Socket> result);

  Loop& loop_;
  Endpoint endpoint_;
  ConnectOptions options_;
  TimePoint deadline_;
  Callback callback_;  // null: over
  Timer overall_;
  Timer share_;
  Watch watch_;
  Addresses to_try_;  // the next one last
  std::string reasons_;
  bool failed_ = false;  // but not told yet
};

void Connector::Attempt::start(Resolver& resolver) {
  overall_.expires_at(deadline_, [this] { deadline_passed(); });
  if (!endpoint_.path().empty()) {
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->callback_) self->try_local();
    });
    return;
  }
  if (const auto& address = endpoint_.address()) {
    if (add(*address)) return try_next();
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->callback_) self->fail();
    });
    return;
  }
  resolver.resolve(endpoint_.host(), loop_.handle(), weak_from_this(),
                   [this](Result<Addresses> addresses) { use(std::move(addresses)); });
}

void Connector::Attempt::cancel() {
  callback_ = nullptr;
  overall_.cancel();
  share_.cancel();
  watch_.close();
}

void Connector::Attempt::use(Result<Addresses> addresses) {
  if (!callback_) return;
  if (!addresses) {
    note(addresses.error().detail);
    return fail();
  }
  for (auto address = addresses->rbegin(); address != addresses->rend(); ++address) add(*address);
  try_next();
}

/// Whether it is one to try.
bool Connector::Attempt::add(const IpAddress& address) {
  if (const auto allowed = check_destination(address, options_.allow_private); !allowed) {
    note(address.to_string() + ": " + allowed.error().detail);
    return false;
  }
  to_try_.push_back(address);
  return true;
}

void Connector::Attempt::try_next() {
  watch_.close();
  share_.cancel();
  if (to_try_.empty()) return fail();
  const Duration left = deadline_ - now();
  if (left <= Duration::zero()) return;  // overall_ is about to tell
  const SocketAddress where{to_try_.back(), endpoint_.port()};
  share_.expires_at(now() + left / static_cast<int>(to_try_.size()),
                    [this, where] { address_failed(where, "no answer in time"); });
  to_try_.pop_back();
  try_address(where);
}

void Connector::Attempt::try_address(const SocketAddress& where) {
  auto socket = make_tcp_socket(where.ip.is_v4());
  if (!socket) return address_failed(where, socket.error().detail);
  const NativeAddress address = native(where);
  if (::connect(socket->fd(), address.get(), address.size) != 0 && errno != EINPROGRESS && errno != EINTR) {
    return address_failed(where, words_of(errno));
  }
  await_connection(*std::move(socket), where);
}

/// The system connects within the call or not at all.
void Connector::Attempt::try_local() {
  const auto failed = [this](const std::string& why) {
    note(why);
    fail();
  };
  const auto address = LocalAddress::of(endpoint_.path());
  if (!address) return failed(address.error().detail);
  auto socket = make_local_socket();
  if (!socket) return failed(socket.error().detail);
  const int error = connect_locally(socket->fd(), *address);
  if (error == 0) return finish(Socket{.descriptor = *std::move(socket)});
  if (error != EAGAIN && error != EINTR) return failed(words_of(error));
  share_.expires_at(now() + pause_when_full, [this] { try_local(); });  // its queue is full
}

void Connector::Attempt::await_connection(Descriptor socket, const SocketAddress& where) {
  auto weak = weak_from_this();
  auto watch = Watch::open(loop_, std::move(socket), {.on_readable = {}, .on_writable = [weak, where] {
                                                        if (const auto self = weak.lock())
                                                          self->check_connection(where);
                                                      }});
  if (!watch) return address_failed(where, watch.error().detail);
  watch_ = *std::move(watch);
  watch_.wait_writable();
}

void Connector::Attempt::check_connection(const SocketAddress& where) {
  if (const int error = pending_error(watch_.fd()); error != 0) return address_failed(where, words_of(error));
  Socket socket{.descriptor = {}, .local = local_address_of(watch_.fd()), .remote = remote_address_of(watch_.fd())};
  if (socket.remote.port == 0) return watch_.wait_writable();  // not connected yet
  if (socket.local == socket.remote) {
    return address_failed(where, "the system connected the socket to itself: nobody listens there");
  }
  socket.descriptor = watch_.release();
  finish(std::move(socket));
}

void Connector::Attempt::address_failed(const SocketAddress& where, const std::string& why) {
  note(where.to_string() + ": " + why);
  loop_.post([weak = weak_from_this()] {  // not deeper with each address
    if (const auto self = weak.lock(); self && self->callback_ && !self->failed_) self->try_next();
  });
  watch_.close();
  share_.cancel();
}

void Connector::Attempt::note(const std::string& why) {
  if (!reasons_.empty()) reasons_ += "; ";
  reasons_ += why;
}

void Connector::Attempt::deadline_passed() {
  if (!failed_) note("the deadline has passed");
  options_.hold_failures = false;
  fail();
}

void Connector::Attempt::fail() {
  failed_ = true;
  watch_.close();
  share_.cancel();
  if (options_.hold_failures) return;  // deadline_passed comes here again
  finish(Error{Fault::next_hop_refused, "cannot connect to " + endpoint_.to_string() + ": " + reasons_});
}

void Connector::Attempt::finish(Result<Socket> result) {
  const auto self = shared_from_this();
  const Callback callback = std::move(callback_);
  cancel();
  if (callback) callback(std::move(result));
}

Connector::Connector(Loop& loop, Resolver& resolver, Endpoint endpoint, ConnectOptions options, TimePoint deadline,
                     Callback callback)
    : attempt_(std::make_shared<Attempt>(loop, std::move(endpoint), options, deadline, std::move(callback))) {
  attempt_->start(resolver);
}

Connector::~Connector() { attempt_->cancel(); }

}  // namespace louver::runtime
