#include "tls/channel_context.h"

#include <openssl/err.h>

#include "base/limits.h"
#include "tls/handshake_watch.h"
#include "tls/identity.h"
#include "tls/openssl_error.h"

namespace louver::tls {
namespace {

constexpr const char* cipher_suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* signature_algorithms =
    "ed25519:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";  // the last three for signatures in certificates only: TLS 1.3 has no others
                                         // with them
constexpr const char* hybrid_group = "X25519MLKEM768";
constexpr const char* classic_groups = "X25519:P-256";

HandshakeWatch& watch_of(const SSL* ssl) { return *static_cast<HandshakeWatch*>(SSL_get_app_data(ssl)); }

// What the library calls back.

int verify_certificates(X509_STORE_CTX* handshake, void*) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(handshake, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return watch_of(ssl).on_certificates(*ssl, handshake) ? 1 : 0;
}

int look_at_client_hello(SSL* ssl, int* alert, void*) {
  if (watch_of(ssl).on_client_hello(*ssl)) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned size,
                void* impl) {
  const std::string_view wanted = static_cast<const ChannelContext::Impl*>(impl)->rules.alpn;
  for (std::string_view rest = as_text(std::as_bytes(std::span{offered, size})); !rest.empty();) {
    const std::size_t length = static_cast<unsigned char>(rest.front());  // the library has checked the list
    if (rest.substr(1, length) == wanted) {
      *out = offered + (size - rest.size()) + 1;
      *out_size = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min(1 + length, rest.size()));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void note_message(int sent, int, int content_type, const void* data, std::size_t size, SSL* ssl, void*) {
  const Bytes message{static_cast<const std::byte*>(data), size};
  if (sent != 0) {
    watch_of(ssl).on_sent(content_type, message);
  } else {
    watch_of(ssl).on_received(content_type, message);
  }
}

// The settings of a context, one idea each. All are set by us, whatever the system's openssl.cnf says.

/// TLS 1.3 without anything that could bring an old session back: no ticket, no cache, no PSK without a key exchange,
/// no early data taken.
bool set_version_and_resumption(SSL_CTX* ssl) {
  SSL_CTX_set_security_level(ssl, 2);
  SSL_CTX_clear_options(
      ssl, SSL_OP_ALLOW_NO_DHE_KEX | SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_options(ssl,
                      SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_post_handshake_auth(ssl, 0);
  SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(ssl, static_cast<long>(limits::channel_bytes_before_verified));
  return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
         SSL_CTX_set_max_early_data(ssl, 0) == 1 && SSL_CTX_set_recv_max_early_data(ssl, 0) == 1;
}

bool set_algorithms(SSL_CTX* ssl) {
  return SSL_CTX_set_ciphersuites(ssl, cipher_suites) == 1 && SSL_CTX_set1_sigalgs_list(ssl, signature_algorithms) == 1;
}

/// The library refuses a list with a group that it does not know as a whole.
Result<> set_groups(SSL_CTX* ssl, bool require_hybrid) {
  const auto try_groups = [ssl](const std::string& list) {
    const bool known = SSL_CTX_set1_groups_list(ssl, list.c_str()) == 1;
    ERR_clear_error();
    return known;
  };
  if (require_hybrid) {
    if (try_groups(hybrid_group)) return {};
    return Error{Fault::configuration, std::string{"a post-quantum key exchange is demanded, but this TLS library ("} +
                                           OpenSSL_version(OPENSSL_VERSION_STRING) + ") has no " + hybrid_group +
                                           "; OpenSSL 3.5 and later have it"};
  }
  if (try_groups(std::string{hybrid_group} + ":" + classic_groups) || try_groups(classic_groups)) return {};
  return Error{Fault::internal_error, "the TLS library knows none of our key exchange groups"};
}

bool set_alpn(SSL_CTX* ssl, ChannelContext::Impl& impl) {
  if (impl.end == End::tls_server) {
    SSL_CTX_set_alpn_select_cb(ssl, select_alpn, &impl);
    SSL_CTX_set_client_hello_cb(ssl, look_at_client_hello, nullptr);
    return true;
  }
  const std::string list = static_cast<char>(impl.rules.alpn.size()) + std::string{impl.rules.alpn};
  return SSL_CTX_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                                 static_cast<unsigned>(list.size())) == 0;
}

void set_verification(SSL_CTX* ssl, PeerCertificate peer) {
  const int required = peer == PeerCertificate::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(ssl, peer == PeerCertificate::not_asked_for ? SSL_VERIFY_NONE : SSL_VERIFY_PEER | required,
                     nullptr);
  SSL_CTX_set_cert_verify_callback(ssl, verify_certificates, nullptr);
}

bool set_identity(SSL_CTX* ssl, const Identity* identity) {
  if (identity == nullptr) return true;
  const Identity::Impl& own = identity->impl();
  return SSL_CTX_use_cert_and_key(ssl, own.leaf.get(), own.key.get(), own.intermediates.get(), 1) == 1;
}

Result<std::unique_ptr<ChannelContext::Impl>> make(ChannelKind kind, End end, std::shared_ptr<const Identity> identity,
                                                   std::shared_ptr<const Trust> trust,
                                                   const ChannelContext::Options& options) {
  LOUVER_ASSIGN(const ChannelRules rules, rules_for(kind, end, identity.get(), trust.get(), options));
  auto impl = std::make_unique<ChannelContext::Impl>(
      ChannelContext::Impl{end, rules, std::move(identity), std::move(trust), nullptr});
  ERR_clear_error();
  impl->ssl.reset(SSL_CTX_new(end == End::tls_client ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* ssl = impl->ssl.get();
  if (ssl == nullptr || !set_version_and_resumption(ssl) || !set_algorithms(ssl) || !set_alpn(ssl, *impl)) {
    return library_failed("preparing TLS");
  }
  LOUVER_TRY(set_groups(ssl, options.require_hybrid_group));
  set_verification(ssl, impl->rules.peer_certificate);
  SSL_CTX_set_msg_callback(ssl, note_message);
  if (!set_identity(ssl, impl->rules.shows_identity ? impl->identity.get() : nullptr)) {
    return Error{Fault::configuration, "the TLS library does not take our certificate: " + library_errors()};
  }
  return impl;
}

}  // namespace

Result<std::shared_ptr<const ChannelContext>> ChannelContext::for_tls_client(ChannelKind kind,
                                                                             std::shared_ptr<const Identity> identity,
                                                                             std::shared_ptr<const Trust> trust,
                                                                             Options options) {
  LOUVER_ASSIGN(auto impl, make(kind, End::tls_client, std::move(identity), std::move(trust), options));
  return std::shared_ptr<const ChannelContext>{new ChannelContext(std::move(impl))};
}

Result<std::shared_ptr<const ChannelContext>> ChannelContext::for_tls_server(ChannelKind kind,
                                                                             std::shared_ptr<const Identity> identity,
                                                                             std::shared_ptr<const Trust> trust,
                                                                             Options options) {
  LOUVER_ASSIGN(auto impl, make(kind, End::tls_server, std::move(identity), std::move(trust), options));
  return std::shared_ptr<const ChannelContext>{new ChannelContext(std::move(impl))};
}

ChannelContext::ChannelContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChannelContext::~ChannelContext() = default;
const Identity* ChannelContext::identity() const { return impl_->identity.get(); }

}  // namespace louver::tls
