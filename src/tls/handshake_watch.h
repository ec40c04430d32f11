#pragma once

#include <optional>

#include "tls/byte_pipe.h"
#include "tls/verify.h"

namespace louver::tls {

/// What the TLS library's callbacks have seen of one connection, and their reason if they stopped it.
///
/// SSL_set_app_data points to it, so it must not move while the SSL object lives.
class HandshakeWatch {
 public:
  /// @param pipe      stopped when a limit is passed
  /// @param verifier  none where no certificate of the peer is expected
  /// @param alpn      the one application protocol of this kind of channel; must outlive this
  HandshakeWatch(BytePipe& pipe, std::optional<PeerVerifier> verifier, std::string_view alpn)
      : pipe_(pipe), verifier_(std::move(verifier)), alpn_(alpn) {}
  HandshakeWatch(const HandshakeWatch&) = delete;
  HandshakeWatch& operator=(const HandshakeWatch&) = delete;

  void set_time(WallTime time) { now_ = time; }

  /// Stands for X509_verify_cert. False: the reason is in `fault`, and the code for the alert in `handshake`.
  bool on_certificates(const SSL& ssl, X509_STORE_CTX* handshake);
  /// Server: false without the application protocol extension, which the library would let pass.
  bool on_client_hello(SSL& ssl);
  /// Counts what arrives: a handshake message, or the one octet that says what a record's content is.
  void on_received(int content_type, Bytes message);
  void on_sent(int content_type, Bytes message);
  /// Application bytes have come out: the row of empty records is broken.
  void on_plaintext() { records_without_plaintext_ = 0; }

  /// After the handshake: TLS 1.3 with exactly our ALPN and no resumption, and the certificate is the verified one.
  /// Null where the peer showed no certificate; whether it may is for the SSL object's verify mode.
  /// @fault tls_parameters, certificate_invalid
  Result<std::optional<VerifiedPeer>> conclude(const SSL& ssl);

  bool has_sent_finished() const { return has_sent_finished_; }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  Result<> check_parameters(const SSL& ssl) const;
  void stop(Error error);

  BytePipe& pipe_;
  std::optional<PeerVerifier> verifier_;
  std::string_view alpn_;
  WallTime now_;
  std::optional<VerifiedPeer> peer_;
  std::optional<Error> fault_;
  bool has_sent_finished_ = false;
  unsigned key_updates_ = 0;
  unsigned records_without_plaintext_ = 0;
};

}  // namespace louver::tls
