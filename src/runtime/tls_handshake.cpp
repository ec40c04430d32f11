#include "runtime/tls_handshake.h"

#include <array>

#include "runtime/link.h"
#include "runtime/loop.h"
#include "runtime/system_error.h"
#include "runtime/tcp.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {

namespace {

constexpr std::chrono::seconds last_words{1};

/// For a link that is closed at once: nobody is called.
class Nobody final : public LinkHandler {
 public:
  std::size_t on_bytes(MutableBytes input, const ChunkRef&) override { return input.size(); }
  void on_end() override {}
  void on_broken(const Error&) override {}
  void on_drained() override {}
};

}  // namespace

class TlsHandshake::Attempt : public std::enable_shared_from_this<TlsHandshake::Attempt> {
 public:
  Attempt(Loop& loop, Socket socket, std::unique_ptr<tls::WebStream> stream, Buffer first, Callback callback)
      : loop_(loop),
        socket_(std::move(socket)),
        stream_(std::move(stream)),
        callback_(std::move(callback)),
        deadline_(loop),
        output_(std::move(first)) {}

  void start(TimePoint deadline);
  void cancel();

 private:
  Result<> open();
  void step();
  Result<> take();
  Result<bool> send();
  void finish(Result<WrappedSocket> result);
  void fail(const Error& error);

  Loop& loop_;
  Socket socket_;  // its descriptor is in `watch_` meanwhile
  std::unique_ptr<tls::WebStream> stream_;
  Callback callback_;  // null: over
  Timer deadline_;
  Watch watch_;
  Buffer output_;
  std::size_t sent_ = 0;  // of `output_`
};

void TlsHandshake::Attempt::start(TimePoint deadline) {
  deadline_.expires_at(deadline, [this] { fail({Fault::timeout, "the TLS handshake was not complete in time"}); });
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->callback_) return;
    if (const auto opened = self->open(); !opened) return self->finish(opened.error());
    self->step();
  });
}

Result<> TlsHandshake::Attempt::open() {
  prepare_connected(socket_.descriptor.fd());
  const auto again = [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->callback_) self->step();
  };
  LOUVER_ASSIGN(watch_,
                Watch::open(loop_, std::move(socket_.descriptor), {.on_readable = again, .on_writable = again}));
  return {};
}

/// As far as it goes: what the library makes is sent, what comes is given to it.
void TlsHandshake::Attempt::step() {
  const auto moved = take();
  append(output_, Bytes{stream_->take_output()});
  if (!moved) return fail(moved.error());
  const auto all_out = send();
  if (!all_out) return fail(all_out.error());
  if (!*all_out) return watch_.wait_writable();
  if (!stream_->established()) return watch_.wait_readable();
  socket_.descriptor = watch_.release();
  finish(WrappedSocket{std::move(socket_), std::move(stream_)});
}

Result<> TlsHandshake::Attempt::take() {
  LOUVER_TRY(stream_->handshake());
  while (!stream_->established()) {
    const Received got = receive(watch_.fd(), stream_->room());
    if (got.error != 0) return Error{Fault::connection_lost, words_of(got.error)};
    if (got.end) return Error{Fault::connection_lost, "the peer closed the connection during the TLS handshake"};
    if (got.count == 0) return {};
    stream_->add(got.count);
    LOUVER_TRY(stream_->handshake());
  }
  return {};
}

/// @return whether everything is out
Result<bool> TlsHandshake::Attempt::send() {
  while (sent_ < output_.size()) {
    std::array<iovec, 1> run{{{.iov_base = output_.data() + sent_, .iov_len = output_.size() - sent_}}};
    const SentBytes sent = runtime::send(watch_.fd(), run);
    if (sent.error != 0) return Error{Fault::connection_lost, words_of(sent.error)};
    if (sent.count == 0) return false;
    sent_ += sent.count;
  }
  output_.clear();
  sent_ = 0;
  return true;
}

/// The alert must not be lost in the reset that closing a socket with unread octets is.
void TlsHandshake::Attempt::fail(const Error& error) {
  if (watch_ && sent_ < output_.size() && error.fault != Fault::timeout) {
    static Nobody nobody;
    socket_.descriptor = watch_.release();
    Link link{loop_, std::move(socket_), nobody};
    link.write(to_buffer(Bytes{output_}.subspan(sent_)));
    link.close_when_written(last_words);
  }
  finish(error);
}

void TlsHandshake::Attempt::finish(Result<WrappedSocket> result) {
  const auto self = shared_from_this();
  const Callback callback = std::move(callback_);
  cancel();
  if (callback) callback(std::move(result));
}

void TlsHandshake::Attempt::cancel() {
  callback_ = nullptr;
  deadline_.cancel();
  watch_.close();
  socket_ = {};
}

TlsHandshake::TlsHandshake(Loop& loop, Socket socket, std::unique_ptr<tls::WebStream> stream, Buffer first,
                           TimePoint deadline, Callback callback)
    : attempt_(std::make_shared<Attempt>(loop, std::move(socket), std::move(stream), std::move(first),
                                         std::move(callback))) {
  attempt_->start(deadline);
}

TlsHandshake::~TlsHandshake() { attempt_->cancel(); }

}  // namespace louver::runtime
