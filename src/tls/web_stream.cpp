#include "tls/web_stream.h"

#include <openssl/err.h>

#include "base/limits.h"
#include "tls/openssl_error.h"
#include "tls/web_watch.h"

namespace louver::tls {
namespace {

/// A whole record with its header and tag, and a little more.
constexpr std::size_t input_bytes = std::size_t{20} * 1024;

std::string_view chosen_protocol(const SSL& ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &name, &size);
  return as_text(std::as_bytes(std::span{name, size}));
}

/// The library's reason in words; empties its queue.
Error web_fault() {
  const unsigned long first = ERR_peek_error();
  const std::string text = library_errors();
  const int reason = ERR_GET_REASON(first);
  if (first == 0 || ERR_GET_LIB(first) != ERR_LIB_SSL) return {Fault::tls_failed, text};
  if (reason >= SSL_AD_REASON_OFFSET) {
    return {Fault::tls_failed, std::string{"the peer ended TLS with the alert \""} +
                                   SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET) + "\""};
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
      return {Fault::tls_parameters, "the peer does not speak TLS (" + text + ")"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
      return {Fault::tls_parameters, "the peer speaks neither TLS 1.2 nor TLS 1.3"};
    default:
      return {Fault::tls_failed, text};
  }
}

}  // namespace

struct WebStream::Impl {
  Impl(std::shared_ptr<const WebContext> from, WallTime now);

  Result<> keep(Result<> result);
  Result<> conclude();
  /// Runs `call` on what has come; 1 is success, else why it stopped: SSL_ERROR_WANT_READ, _ZERO_RETURN, or a fault.
  template <class Call>
  int run(const Call& call);
  Result<> stopped() const;

  std::shared_ptr<const WebContext> context;
  BytePipe pipe{limits::channel_bytes_before_verified};
  WebWatch watch;
  SslHandle ssl;  // goes first: it refers to the pipe and the watch
  std::optional<Error> fault;
  Buffer input;  // from the peer, [begin, end) not yet read by the library; none while nothing is there
  std::size_t begin = 0;
  std::size_t end = 0;
  bool established = false;
  bool closed = false;
};

WebStream::Impl::Impl(std::shared_ptr<const WebContext> from, WallTime now)
    : context(std::move(from)), watch(pipe, context->impl(), now), ssl(SSL_new(context->impl().ssl.get())) {
  BioHandle bio = pipe.make_bio();
  if (!ssl || !bio) {
    fault = library_failed("making a TLS connection");
    return;
  }
  SSL_set_app_data(ssl.get(), &watch);
  BIO* shared_bio = bio.release();
  SSL_set_bio(ssl.get(), shared_bio, shared_bio);  // one reference serves both ways
  const WebContext::Impl& rules = context->impl();
  if (!rules.is_client) {
    SSL_set_accept_state(ssl.get());
    return;
  }
  SSL_set_connect_state(ssl.get());
  if (rules.name_is_address) return;  // RFC 6066 section 3: no addresses
  auto* name = const_cast<char*>(rules.name.c_str());
  if (SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)
    fault = library_failed("making a TLS connection");
}

Result<> WebStream::Impl::keep(Result<> result) {
  if (!result && !fault) fault = result.error();
  return result;
}

template <class Call>
int WebStream::Impl::run(const Call& call) {
  pipe.begin_input(Bytes{input}.subspan(begin, end - begin));
  ERR_clear_error();
  const int result = call(ssl.get());
  const int why = result == 1 ? 0 : SSL_get_error(ssl.get(), result);
  begin = end - pipe.unread();
  pipe.end_input();
  if (begin == end) {
    begin = end = 0;
    if (result != 1) Buffer{}.swap(input);  // an idle connection holds no room
  }
  return result == 1 ? 1 : -why;
}

Result<> WebStream::Impl::stopped() const {
  if (watch.fault()) {
    ERR_clear_error();
    return *watch.fault();
  }
  if (pipe.overdrawn()) {
    ERR_clear_error();
    return Error{Fault::limit_exceeded, "the peer sent more than " +
                                            std::to_string(limits::channel_bytes_before_verified) +
                                            " bytes before its handshake was complete"};
  }
  return web_fault();
}

Result<> WebStream::Impl::conclude() {
  if (const std::string_view chosen = chosen_protocol(*ssl); !chosen.empty() && chosen != http_alpn)
    return Error{Fault::tls_parameters,
                 "the peer chose the application protocol \"" + printable(chosen, 32) + "\"; HTTP/1.1 was offered"};
  if (SSL_session_reused(ssl.get()) != 0) return Error{Fault::tls_parameters, "the peer resumed a session"};
  const bool checked = SSL_get_verify_result(ssl.get()) == X509_V_OK && SSL_get0_peer_certificate(ssl.get()) != nullptr;
  if (context->impl().is_client && !checked)
    return Error{Fault::certificate_invalid, "the handshake ended without a certificate that was checked"};
  established = true;
  pipe.lift_allowance();
  watch.set_established();
  return {};
}

WebStream::WebStream(std::shared_ptr<const WebContext> context, WallTime now)
    : impl_(std::make_unique<Impl>(std::move(context), now)) {}
WebStream::~WebStream() = default;

MutableBytes WebStream::room() {
  Impl& impl = *impl_;
  if (impl.input.empty()) {
    impl.begin = impl.end = 0;
    impl.input.resize(input_bytes);
  }
  if (impl.begin > 0 && impl.end == impl.input.size()) {
    std::copy(impl.input.begin() + static_cast<std::ptrdiff_t>(impl.begin),
              impl.input.begin() + static_cast<std::ptrdiff_t>(impl.end), impl.input.begin());
    impl.end -= std::exchange(impl.begin, 0);
  }
  return MutableBytes{impl.input}.subspan(impl.end);
}

void WebStream::add(std::size_t count) {
  Impl& impl = *impl_;
  impl.end += count;
  if (impl.begin == impl.end) Buffer{}.swap(impl.input);
}

Result<> WebStream::handshake() {
  Impl& impl = *impl_;
  if (impl.fault) return *impl.fault;
  if (impl.established) return {};
  const int result = impl.run([](SSL* ssl) { return SSL_do_handshake(ssl); });
  if (result == 1) return impl.keep(impl.conclude());
  if (result == -SSL_ERROR_WANT_READ && !impl.watch.fault() && !impl.pipe.overdrawn()) return {};
  if (result == -SSL_ERROR_ZERO_RETURN)
    return impl.keep(Error{Fault::tls_failed, "the peer ended TLS during its handshake"});
  return impl.keep(impl.stopped());
}

bool WebStream::established() const { return impl_->established; }

Result<WebStream::Got> WebStream::read(MutableBytes into) {
  Impl& impl = *impl_;
  if (impl.fault) return *impl.fault;
  std::size_t got = 0;
  const int result = impl.run([&](SSL* ssl) { return SSL_read_ex(ssl, into.data(), into.size(), &got); });
  if (result == 1) {
    impl.watch.on_plaintext();
    return Got{.count = got};
  }
  if (result == -SSL_ERROR_ZERO_RETURN) return Got{.end = true};
  if (result == -SSL_ERROR_WANT_READ && !impl.watch.fault()) return Got{};
  return impl.keep(impl.stopped()).error();
}

WebStream::Waiting WebStream::waiting() {
  Impl& impl = *impl_;
  if (impl.fault || !impl.established) return Waiting::something;
  std::byte first{};
  std::size_t got = 0;
  const int result = impl.run([&](SSL* ssl) { return SSL_peek_ex(ssl, &first, 1, &got); });
  if (result == -SSL_ERROR_WANT_READ && !impl.watch.fault())
    return SSL_has_pending(impl.ssl.get()) == 0 ? Waiting::nothing : Waiting::part;
  if (result != 1 && result != -SSL_ERROR_ZERO_RETURN) (void)impl.keep(impl.stopped());
  return Waiting::something;
}

Result<> WebStream::write(Bytes plaintext) {
  Impl& impl = *impl_;
  if (impl.fault) return *impl.fault;
  if (plaintext.empty()) return {};
  if (!impl.established || impl.closed) return Error{Fault::internal_error, "octets were written outside of TLS"};
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(impl.ssl.get(), plaintext.data(), plaintext.size(), &written) == 1) return {};
  return impl.keep(impl.stopped());
}

void WebStream::close() {
  Impl& impl = *impl_;
  if (impl.closed || impl.fault || !impl.established) return;
  impl.closed = true;
  ERR_clear_error();
  SSL_shutdown(impl.ssl.get());
  ERR_clear_error();
}

Buffer WebStream::take_output() { return impl_->pipe.take_output(); }

}  // namespace louver::tls
