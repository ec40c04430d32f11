#include "tls/channel.h"

#include <openssl/err.h>

#include "base/limits.h"
#include "tls/byte_pipe.h"
#include "tls/channel_context.h"
#include "tls/handshake_watch.h"
#include "tls/openssl_error.h"
#include "tls/secret_bytes.h"
#include "tls/tls_fault.h"

namespace louver::tls {
namespace {

constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;

enum class Phase : std::uint8_t {
  unstarted,    // client: start() makes the ClientHello
  answering,    // server: the ClientHello is not complete
  handshaking,  // client; server: it has answered
  established,
};

std::optional<PeerVerifier> verifier_for(const ChannelContext::Impl& context, std::string expected_name) {
  if (context.rules.peer_certificate == PeerCertificate::not_asked_for || !context.rules.peer_role) return std::nullopt;
  const bool any_name = context.rules.any_peer_name && expected_name.empty();
  return PeerVerifier{context.trust, {*context.rules.peer_role, std::move(expected_name), any_name}};
}

}  // namespace

struct Channel::Impl {
  Impl(std::shared_ptr<const ChannelContext> context, std::string expected_name);

  Result<> begin();
  Result<> take(Bytes from_peer, WallTime now);
  Result<> advance();
  Result<> answer();
  Result<> handshake();
  Result<> conclude();
  Result<> read_all();
  bool may_send_early() const;
  Result<> put(Bytes plaintext);
  Result<> flush_queue();
  Result<> stopped(int result);
  Result<> ended();
  Result<> keep(Result<> result);

  std::shared_ptr<const ChannelContext> context_;
  bool is_client_;
  BytePipe pipe_{limits::channel_bytes_before_verified};
  HandshakeWatch watch_;
  SslHandle ssl_;  // goes first: it refers to the pipe and the watch
  Phase phase_;
  std::optional<Error> fault_;
  std::optional<VerifiedPeer> peer_;
  SecretBytes queue_;     // to be sent, but too early
  SecretBytes received_;  // from `consumed_` on not yet consumed
  std::size_t consumed_ = 0;
  bool peer_closed_ = false;
  bool closed_ = false;
};

Channel::Impl::Impl(std::shared_ptr<const ChannelContext> context, std::string expected_name)
    : context_(std::move(context)),
      is_client_(context_->impl().end == End::tls_client),
      watch_(pipe_, verifier_for(context_->impl(), std::move(expected_name)), context_->impl().rules.alpn),
      ssl_(SSL_new(context_->impl().ssl.get())),
      phase_(is_client_ ? Phase::unstarted : Phase::answering) {
  BioHandle bio = pipe_.make_bio();
  if (!ssl_ || !bio) {
    fault_ = library_failed("making a TLS connection");
    return;
  }
  SSL_set_app_data(ssl_.get(), &watch_);
  BIO* shared_bio = bio.release();
  SSL_set_bio(ssl_.get(), shared_bio, shared_bio);  // one reference serves both ways
  if (is_client_) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

/// A fault is final; so it is remembered on its way out.
Result<> Channel::Impl::keep(Result<> result) {
  if (!result && !fault_) fault_ = result.error();
  return result;
}

Result<> Channel::Impl::begin() {
  if (phase_ != Phase::unstarted) return {};
  phase_ = Phase::handshaking;
  return handshake();
}

Result<> Channel::Impl::take(Bytes from_peer, WallTime now) {
  if (peer_closed_) {
    if (from_peer.empty()) return {};
    return Error{Fault::closed, "the peer sent bytes after it had closed the channel"};
  }
  watch_.set_time(now);
  pipe_.begin_input(from_peer);
  auto result = advance();
  pipe_.end_input();
  return result;
}

Result<> Channel::Impl::advance() {
  if (phase_ == Phase::unstarted)
    return Error{Fault::internal_error, "a channel's client received before it was started"};
  if (phase_ == Phase::answering) LOUVER_TRY(answer());
  if (phase_ == Phase::handshaking) LOUVER_TRY(handshake());
  if (phase_ == Phase::established) LOUVER_TRY(read_all());
  return {};
}

/// docs/protocol.md §4 "OpenSSL": of all the library's calls only this one stops behind the server's Finished, where
/// early messages belong. (It stops behind a HelloRetryRequest too.) Early data of the client is not taken: none is
/// offered to it, since there are no tickets.
Result<> Channel::Impl::answer() {
  std::byte none{};
  std::size_t got = 0;
  ERR_clear_error();
  const int result = SSL_read_early_data(ssl_.get(), &none, sizeof none, &got);
  if (result == SSL_READ_EARLY_DATA_ERROR) return stopped(0);
  if (result != SSL_READ_EARLY_DATA_FINISH || got != 0) return Error{Fault::tls_parameters, "the peer sent early data"};
  phase_ = Phase::handshaking;
  return flush_queue();
}

Result<> Channel::Impl::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return conclude();
  LOUVER_TRY(stopped(result));
  return flush_queue();
}

/// A server has keys for what it sends once its Finished is out. Before that the library would write in the clear.
bool Channel::Impl::may_send_early() const {
  return !is_client_ && phase_ == Phase::handshaking && watch_.has_sent_finished();
}

Result<> Channel::Impl::conclude() {
  LOUVER_ASSIGN(peer_, watch_.conclude(*ssl_));
  if (!peer_ && context_->impl().rules.peer_certificate == PeerCertificate::required) {
    return Error{Fault::certificate_invalid, "the peer showed no certificate, and one is required"};
  }
  phase_ = Phase::established;
  pipe_.lift_allowance();
  return flush_queue();
}

Result<> Channel::Impl::read_all() {
  for (;;) {
    const std::size_t before = received_.size();
    received_.resize(before + record_bytes);
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), received_.data() + before, record_bytes, &got);
    received_.resize(before + got);
    if (result != 1) return stopped(result);
    watch_.on_plaintext();
  }
}

/// The library did not go on: it wants more bytes, the peer has closed, or it failed.
Result<> Channel::Impl::stopped(int result) {
  const int why = SSL_get_error(ssl_.get(), result);
  if (watch_.fault()) {
    ERR_clear_error();
    return *watch_.fault();
  }
  if (pipe_.overdrawn()) {
    ERR_clear_error();
    return Error{Fault::limit_exceeded, "the peer sent more than " +
                                            std::to_string(limits::channel_bytes_before_verified) +
                                            " bytes before its handshake was complete"};
  }
  switch (why) {
    case SSL_ERROR_WANT_READ:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return ended();
    default:
      return fault_from_library();
  }
}

Result<> Channel::Impl::ended() {
  peer_closed_ = true;
  if (phase_ == Phase::established) return {};
  return Error{Fault::tls_failed, "the peer closed the channel during its handshake"};
}

Result<> Channel::Impl::put(Bytes plaintext) {
  if (closed_) return Error{Fault::closed, "this end has closed the channel"};
  queue_.insert(queue_.end(), plaintext.begin(), plaintext.end());
  return flush_queue();
}

/// Sends what waits, if its time has come.
Result<> Channel::Impl::flush_queue() {
  if (queue_.empty() || (phase_ != Phase::established && !may_send_early())) return {};
  const SecretBytes queue = std::exchange(queue_, {});
  ERR_clear_error();
  std::size_t written = 0;
  const int result = phase_ == Phase::established
                         ? SSL_write_ex(ssl_.get(), queue.data(), queue.size(), &written)
                         : SSL_write_early_data(ssl_.get(), queue.data(), queue.size(), &written);
  return result == 1 ? Result<>{} : Result<>{fault_from_library()};
}

Channel::Channel(std::shared_ptr<const ChannelContext> context, std::string expected_name)
    : impl_(std::make_unique<Impl>(std::move(context), std::move(expected_name))) {}
Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;

Result<> Channel::start() {
  if (impl_->fault_) return *impl_->fault_;
  return impl_->keep(impl_->begin());
}

Result<> Channel::receive(Bytes from_peer, WallTime now) {
  if (impl_->fault_) return *impl_->fault_;
  return impl_->keep(impl_->take(from_peer, now));
}

Result<> Channel::send(Bytes plaintext) {
  if (impl_->fault_) return *impl_->fault_;
  return impl_->keep(impl_->put(plaintext));
}

Buffer Channel::take_output() { return impl_->pipe_.take_output(); }

Bytes Channel::received() const { return Bytes{impl_->received_}.subspan(impl_->consumed_); }

void Channel::consume(std::size_t count) {
  Impl& impl = *impl_;
  impl.consumed_ += std::min(count, received().size());
  if (impl.consumed_ < impl.received_.size() && impl.consumed_ < record_bytes) return;  // moved down seldom
  impl.received_.erase(impl.received_.begin(), impl.received_.begin() + static_cast<std::ptrdiff_t>(impl.consumed_));
  impl.consumed_ = 0;
  if (impl.received_.empty()) SecretBytes{}.swap(impl.received_);  // wiped now: an idle channel keeps no plaintext
}

bool Channel::established() const { return impl_->phase_ == Phase::established; }
const VerifiedPeer* Channel::peer() const { return impl_->peer_ ? &*impl_->peer_ : nullptr; }
bool Channel::peer_closed() const { return impl_->peer_closed_; }

void Channel::close() {
  Impl& impl = *impl_;
  if (impl.closed_ || impl.fault_) return;
  impl.closed_ = true;
  if (impl.phase_ != Phase::established) return;  // the library has no word for it before
  ERR_clear_error();
  SSL_shutdown(impl.ssl_.get());
  ERR_clear_error();
}

Result<> Channel::export_secret(std::string_view label, Bytes context, MutableBytes out) const {
  if (!established())
    return Error{Fault::internal_error, "a secret was exported from a channel that is not established"};
  ERR_clear_error();
  const auto* context_octets = reinterpret_cast<const unsigned char*>(context.data());
  const int exported =
      SSL_export_keying_material(impl_->ssl_.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                 label.data(), label.size(), context_octets, context.size(), 1);
  if (exported != 1) return library_failed("exporting a secret");
  return {};
}

}  // namespace louver::tls
