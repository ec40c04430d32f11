#include "tls/handshake_watch.h"

#include "base/limits.h"
#include "tls/certificate_fields.h"

namespace louver::tls {
namespace {

std::string_view selected_alpn(const SSL& ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &name, &size);
  return as_text(std::as_bytes(std::span{name, size}));
}

}  // namespace

/// In the middle of the handshake, so that a server or middlebox that is not the right one never sees our own
/// certificate.
bool HandshakeWatch::on_certificates(const SSL& ssl, X509_STORE_CTX* handshake) {
  X509* leaf = X509_STORE_CTX_get0_cert(handshake);
  if (!verifier_ || leaf == nullptr) {
    fault_ = {Fault::internal_error, "a certificate came where none was asked for"};
    X509_STORE_CTX_set_error(handshake, X509_V_ERR_APPLICATION_VERIFICATION);
    return false;
  }
  if (auto right = check_parameters(ssl); !right) {
    fault_ = std::move(right).error();
    X509_STORE_CTX_set_error(handshake, X509_V_ERR_APPLICATION_VERIFICATION);
    return false;
  }
  auto peer = verifier_->verify(leaf, X509_STORE_CTX_get0_untrusted(handshake), now_);
  X509_STORE_CTX_set_error(handshake, verifier_->library_code());
  if (!peer) {
    fault_ = std::move(peer).error();
    return false;
  }
  peer_ = *std::move(peer);
  return true;
}

bool HandshakeWatch::on_client_hello(SSL& ssl) {
  const unsigned char* body = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(&ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &body, &size) == 1)
    return true;
  fault_ = {Fault::tls_parameters,
            "the peer offers no application protocol (ALPN); \"" + std::string{alpn_} + "\" is needed"};
  return false;
}

void HandshakeWatch::on_sent(int content_type, Bytes message) {
  const bool is_finished =
      content_type == SSL3_RT_HANDSHAKE && !message.empty() && message.front() == std::byte{SSL3_MT_FINISHED};
  has_sent_finished_ = has_sent_finished_ || is_finished;
}

void HandshakeWatch::on_received(int content_type, Bytes message) {
  if (message.empty()) return;
  const int type = std::to_integer<int>(message.front());
  if (content_type == SSL3_RT_HANDSHAKE && type == SSL3_MT_KEY_UPDATE && ++key_updates_ > limits::key_updates) {
    stop({Fault::limit_exceeded,
          "the peer sent more than " + std::to_string(limits::key_updates) + " KeyUpdates in one channel"});
  }
  if (content_type == SSL3_RT_HANDSHAKE && type == SSL3_MT_NEWSESSION_TICKET) {
    stop({Fault::tls_parameters, "the peer sent a session ticket; channels have no resumption"});
  }
  if (content_type == SSL3_RT_INNER_CONTENT_TYPE && type == SSL3_RT_APPLICATION_DATA &&
      ++records_without_plaintext_ > limits::empty_tls_records) {
    stop({Fault::limit_exceeded,
          "the peer sent more than " + std::to_string(limits::empty_tls_records) + " empty records in a row"});
  }
}

void HandshakeWatch::stop(Error error) {
  fault_ = std::move(error);
  pipe_.stop();
}

Result<> HandshakeWatch::check_parameters(const SSL& ssl) const {
  if (SSL_version(&ssl) != TLS1_3_VERSION) {
    return Error{Fault::tls_parameters,
                 std::string{"the peer negotiated "} + SSL_get_version(&ssl) + "; TLS 1.3 is needed"};
  }
  if (const std::string_view alpn = selected_alpn(ssl); alpn != alpn_) {
    return Error{Fault::tls_parameters, "the peers agreed on the application protocol (ALPN) \"" + printable(alpn) +
                                            "\"; \"" + std::string{alpn_} + "\" is needed"};
  }
  return {};
}

Result<std::optional<VerifiedPeer>> HandshakeWatch::conclude(const SSL& ssl) {
  LOUVER_TRY(check_parameters(ssl));
  if (SSL_session_reused(&ssl) != 0)
    return Error{Fault::tls_parameters, "a session was resumed; channels have no resumption"};
  const X509* shown = SSL_get0_peer_certificate(&ssl);
  const bool verified = peer_.has_value() && shown != nullptr && digest_of(*shown) == peer_->leaf_hash();
  if ((shown != nullptr || peer_.has_value()) && !verified) {
    return Error{Fault::certificate_invalid, "the handshake ended with a certificate that was not checked"};
  }
  return std::exchange(peer_, std::nullopt);
}

}  // namespace louver::tls
