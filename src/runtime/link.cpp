#include "runtime/link.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "runtime/clock.h"
#include "runtime/link_input.h"
#include "runtime/link_tls.h"
#include "runtime/loop.h"
#include "runtime/system_error.h"
#include "runtime/tcp.h"
#include "runtime/timer.h"
#include "runtime/watch.h"
#include "runtime/write_queue.h"

namespace louver::runtime {

namespace {

// What one link may do before others on its loop get their turn.
constexpr std::size_t chunks_in_a_turn = 4;  // of the ordinary size, and what the read that reaches it brings besides
constexpr int writes_in_a_turn = 4;
constexpr std::size_t runs_in_a_write = 64;

}  // namespace

/// The connection behind a link; outlives it while it is being closed.
class Link::Connection : public std::enable_shared_from_this<Link::Connection> {
 public:
  Connection(Loop& loop, LinkHandler& handler, const LinkOptions& options)
      : loop_(loop),
        handler_(&handler),
        options_(options),
        input_(loop.chunks()),
        queue_(loop.chunks().chunk_bytes() / 4) {}

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// With the loop, while something is still to be sent: a cut stream must not look whole.
  ~Connection() {
    if (watch_ && !queue_.empty()) reset_on_close(watch_.fd());
  }

  void adopt(Socket socket);
  void wrap(std::unique_ptr<tls::WebStream> stream) { tls_.emplace(std::move(stream)); }

  void write(session::Outbound&& out, ChunkRef keep, Then then);
  void write(Buffer bytes);
  void limit_pending(std::size_t most) { pending_most_ = most; }
  void probe_when_idle(std::chrono::seconds idle) { runtime::probe_when_idle(watch_.fd(), idle); }
  void pause_reading();
  void resume_reading();
  void shutdown_send();
  void close_when_written(Duration at_most);
  void abort();
  void drop();

  bool is_open() const { return state_ == State::open; }
  bool is_paused() const { return paused_; }
  bool above_high_water() const { return above_high_water_; }
  std::size_t pending_bytes() const { return queue_.size(); }
  std::size_t buffered_bytes() const { return input_.size(); }
  bool is_quiet();
  bool is_delivered() const { return queue_.empty() && unacknowledged_bytes(watch_.fd()) == 0; }
  const SocketAddress& local_address() const { return local_; }
  const SocketAddress& remote_address() const { return remote_; }

 private:
  enum class State : std::uint8_t {
    open,
    failed,   // broken within a method of ours: the handler is still to be told
    closing,  // nobody is called any more; what is pending is sent
    closed,
  };
  enum class Sent : std::uint8_t { all, some, failed };

  void on_readable();
  void on_writable();
  std::size_t bytes_in_a_turn() const { return loop_.chunks().chunk_bytes() * chunks_in_a_turn; }
  void read_turn();
  void post_turn();
  bool deliver();
  Sent send_turn(Then then = Then::perhaps_more);
  void push(Buffer bytes);
  void after_push(bool was_empty, Then then = Then::perhaps_more);
  void answer_tls();
  void end_sending();
  void finish_sending();
  void close_if_ended();
  void discard_turn();
  void fail(const Error& error);
  void fail_later(Error error);
  void close();
  Error lost(std::string_view what, int system_error) const;

  Loop& loop_;
  LinkHandler* handler_;
  LinkOptions options_;
  Watch watch_;
  SocketAddress local_;
  SocketAddress remote_;
  std::shared_ptr<void> held_;
  LinkInput input_;
  WriteQueue queue_;
  std::size_t pending_most_ = SIZE_MAX;
  std::optional<LinkTls> tls_;  // what is queued is encrypted then
  std::optional<Timer> linger_;
  State state_ = State::open;
  bool paused_ = true;
  bool turn_posted_ = false;
  bool ended_ = false;       // the peer has sent its last octet
  bool send_ends_ = false;   // we send nothing after what is queued
  bool send_ended_ = false;  // and have told the peer
  bool above_high_water_ = false;
};

// --- reading

void Link::Connection::on_readable() {
  if (state_ == State::closing) return discard_turn();
  if (state_ == State::open && !paused_ && !ended_) read_turn();
}

void Link::Connection::read_turn() {
  for (std::size_t total = 0; total < bytes_in_a_turn();) {
    const MutableBytes room = input_.room();
    const Received got = tls_ ? tls_->receive(watch_.fd(), room) : receive(watch_.fd(), room);
    if (tls_) answer_tls();
    if (state_ != State::open) return;
    if (got.error != 0) return fail(lost("receiving", got.error));
    if (got.end) {
      ended_ = true;
      input_.settle();
      handler_->on_end();
      return;
    }
    input_.add(got.count);
    total += got.count;
    if (got.count > 0 && !deliver()) return;
    if (tls_ ? tls_->is_dry() : got.count < room.size()) break;  // the socket is empty
  }
  input_.settle();
  if (tls_ && !tls_->is_dry()) return post_turn();
  watch_.wait_readable();
}

/// Hands over what is buffered; false if reading must not go on.
bool Link::Connection::deliver() {
  const MutableBytes bytes = input_.bytes();
  const std::size_t consumed = handler_->on_bytes(bytes, input_.chunk());
  if (state_ != State::open) return false;
  if (consumed > bytes.size()) {
    fail({Fault::internal_error, "more octets consumed than there were"});
    return false;
  }
  input_.consume(consumed);
  // Paused and resumed within the callback: the turn that was posted brings the rest, before anything new and before
  // the end.
  if (paused_ || turn_posted_) {
    input_.settle();
    return false;
  }
  if (input_.is_full()) {
    fail({Fault::limit_exceeded,
          remote_.to_string() + " sent a frame larger than " + std::to_string(bytes.size()) + " octets"});
    return false;
  }
  return true;
}

void Link::Connection::pause_reading() { paused_ = true; }

void Link::Connection::resume_reading() {
  if (state_ != State::open || !paused_) return;
  paused_ = false;
  post_turn();
}

void Link::Connection::post_turn() {
  if (turn_posted_) return;
  turn_posted_ = true;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->turn_posted_ = false;
    if (self->state_ != State::open || self->paused_) return;
    if (self->input_.size() > 0 && !self->deliver()) return;
    if (!self->ended_) return self->read_turn();
    self->input_.settle();
  });
}

/// What TLS holds by now is told to the handler later: the socket will not say it again.
bool Link::Connection::is_quiet() {
  if (state_ != State::open || ended_) return false;
  if (!tls_) return runtime::is_quiet(watch_.fd());
  const bool quiet = tls_->is_quiet(watch_.fd());
  answer_tls();
  if (!quiet && !paused_) post_turn();
  return quiet && state_ == State::open;
}

// --- writing

void Link::Connection::write(session::Outbound&& out, ChunkRef keep, Then then) {
  if (state_ != State::open || send_ends_) return;
  if (tls_) return write(out.flatten());
  const bool was_empty = queue_.empty();
  queue_.push(std::move(out), std::move(keep));
  after_push(was_empty, then);
}

void Link::Connection::write(Buffer bytes) {
  if (state_ != State::open || send_ends_) return;
  if (!tls_) return push(std::move(bytes));
  if (auto sealed = tls_->seal(bytes)) return push(*std::move(sealed));
  fail_later(lost("sending", EPROTO));
}

/// TLS has things of its own to say: answers to KeyUpdates, alerts.
void Link::Connection::answer_tls() {
  if (Buffer out = tls_->take_output(); !out.empty()) push(std::move(out));
}

void Link::Connection::push(Buffer bytes) {
  const bool was_empty = queue_.empty();
  queue_.push(std::move(bytes));
  after_push(was_empty);
}

void Link::Connection::after_push(bool was_empty, Then then) {
  if (was_empty && send_turn(then) == Sent::some) {
    queue_.own_small_rest();
    watch_.wait_writable();
  }
  if (queue_.size() > options_.high_water_bytes) above_high_water_ = true;
  if (queue_.size() > pending_most_ && state_ == State::open) {
    reset_on_close(watch_.fd());  // a cut stream must not look whole
    fail_later({Fault::limit_exceeded,
                remote_.to_string() + " does not take the " + std::to_string(queue_.size()) + " octets that wait"});
  }
}

/// Sends until the queue is empty, the socket is full or the turn is over. Calls nobody.
Link::Connection::Sent Link::Connection::send_turn(Then then) {
  for (int i = 0; i < writes_in_a_turn && !queue_.empty(); ++i) {
    std::array<iovec, runs_in_a_write> runs;
    const std::size_t count = queue_.gather(runs);
    std::size_t offered = 0;
    for (const iovec& run : std::span{runs}.first(count)) offered += run.iov_len;
    const SentBytes sent = send(watch_.fd(), std::span{runs}.first(count), then == Then::end);
    if (sent.error != 0) {
      fail_later(lost("sending", sent.error));
      return Sent::failed;
    }
    queue_.consume(sent.count);
    if (sent.count < offered) break;  // the socket is full
  }
  return queue_.empty() ? Sent::all : Sent::some;
}

void Link::Connection::on_writable() {
  if (state_ != State::open && state_ != State::closing) return;
  switch (send_turn()) {
    case Sent::failed:
      return;
    case Sent::some:
      watch_.wait_writable();
      break;
    case Sent::all:
      finish_sending();
      break;
  }
  if (state_ == State::open && above_high_water_ && queue_.size() <= options_.low_water_bytes) {
    above_high_water_ = false;
    handler_->on_drained();
  }
}

void Link::Connection::shutdown_send() {
  if (state_ != State::open || send_ends_) return;
  end_sending();
  finish_sending();
}

/// Nothing follows what is queued; in TLS that is said by a close_notify.
void Link::Connection::end_sending() {
  if (std::exchange(send_ends_, true) || !tls_) return;
  tls_->close();
  answer_tls();
}

/// Ends our side if that was asked for and everything is sent.
void Link::Connection::finish_sending() {
  if (!send_ends_ || send_ended_ || !queue_.empty()) return;
  send_ended_ = true;
  ::shutdown(watch_.fd(), SHUT_WR);  // if that fails, the connection is gone: reading will tell
  close_if_ended();
}

void Link::Connection::close_if_ended() {
  if (state_ == State::closing && send_ended_ && ended_) close();
}

// --- ending

void Link::Connection::close_when_written(Duration at_most) {
  if (state_ != State::open) return drop();
  state_ = State::closing;
  handler_ = nullptr;
  input_.clear();
  loop_.keep(shared_from_this());
  linger_.emplace(loop_);
  linger_->expires_at(now() + at_most, [this] { abort(); });
  end_sending();
  if (state_ != State::closing) return;
  if (!ended_) watch_.wait_readable();
  finish_sending();
  close_if_ended();  // both sides may have ended before
}

void Link::Connection::discard_turn() {
  std::array<std::byte, std::size_t{16} * 1024> dropped;
  for (std::size_t total = 0; total < bytes_in_a_turn();) {
    const Received got = receive(watch_.fd(), dropped);
    if (got.error != 0) return close();
    if (got.end) {
      ended_ = true;
      return close_if_ended();
    }
    if (got.count < dropped.size()) break;
    total += got.count;
  }
  watch_.wait_readable();
}

void Link::Connection::abort() {
  if (watch_) reset_on_close(watch_.fd());
  close();
}

/// The owner is gone: nobody may be called.
void Link::Connection::drop() {
  if (state_ == State::closing || state_ == State::closed) return;
  if (queue_.empty()) return close();
  abort();
}

void Link::Connection::fail(const Error& error) {
  LinkHandler* const handler = handler_;
  close();
  handler->on_broken(error);
}

void Link::Connection::fail_later(Error error) {
  if (state_ == State::closing) return close();
  state_ = State::failed;
  queue_.clear();
  loop_.post([weak = weak_from_this(), error = std::move(error)] {
    if (const auto self = weak.lock(); self && self->state_ == State::failed) self->fail(error);
  });
}

void Link::Connection::close() {
  const auto self = shared_from_this();
  state_ = State::closed;
  handler_ = nullptr;
  watch_.close();
  linger_.reset();
  queue_.clear();
  input_.clear();
  held_.reset();
  loop_.forget(this);
}

Error Link::Connection::lost(std::string_view what, int system_error) const {
  if (tls_ && tls_->fault()) return {tls_->fault()->fault, remote_.to_string() + ": " + tls_->fault()->detail};
  return system_fault(Fault::connection_lost,
                      std::string{what} + (what == "sending" ? " to " : " from ") +
                          (remote_.port == 0 ? "a Unix socket" : remote_.to_string()),
                      system_error);
}

void Link::Connection::adopt(Socket socket) {
  local_ = socket.local;
  remote_ = socket.remote;
  held_ = std::move(socket.held);
  prepare_connected(socket.descriptor.fd());
  auto weak = weak_from_this();
  Watch::Callbacks callbacks{
      .on_readable =
          [weak] {
            if (const auto self = weak.lock()) self->on_readable();
          },
      .on_writable =
          [weak] {
            if (const auto self = weak.lock()) self->on_writable();
          },
  };
  auto watch = Watch::open(loop_, std::move(socket.descriptor), std::move(callbacks));
  if (!watch) return fail_later(std::move(watch).error());
  watch_ = *std::move(watch);
}

// --- the link itself

Link::Link(Loop& loop, Socket socket, LinkHandler& handler, const LinkOptions& options)
    : connection_(std::make_shared<Connection>(loop, handler, options)) {
  connection_->adopt(std::move(socket));
}

Link::~Link() { connection_->drop(); }

void Link::wrap(std::unique_ptr<tls::WebStream> stream) { connection_->wrap(std::move(stream)); }

void Link::write(session::Outbound&& out, ChunkRef keep, Then then) {
  connection_->write(std::move(out), std::move(keep), then);
}
void Link::write(Buffer bytes) { connection_->write(std::move(bytes)); }
std::size_t Link::pending_bytes() const { return connection_->pending_bytes(); }
bool Link::above_high_water() const { return connection_->above_high_water(); }
void Link::limit_pending(std::size_t most) { connection_->limit_pending(most); }
void Link::probe_when_idle(std::chrono::seconds idle) { connection_->probe_when_idle(idle); }
void Link::pause_reading() { connection_->pause_reading(); }
void Link::resume_reading() { connection_->resume_reading(); }
bool Link::is_paused() const { return connection_->is_paused(); }
std::size_t Link::buffered_bytes() const { return connection_->buffered_bytes(); }
bool Link::is_delivered() const { return connection_->is_delivered(); }
bool Link::is_quiet() const { return connection_->is_quiet(); }
void Link::shutdown_send() { connection_->shutdown_send(); }
void Link::close_when_written(Duration at_most) { connection_->close_when_written(at_most); }
void Link::abort() { connection_->abort(); }
bool Link::is_open() const { return connection_->is_open(); }
const SocketAddress& Link::local_address() const { return connection_->local_address(); }
const SocketAddress& Link::remote_address() const { return connection_->remote_address(); }

}  // namespace louver::runtime
