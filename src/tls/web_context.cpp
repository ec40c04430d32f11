#include "tls/web_context.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include "tls/certificate_fields.h"
#include "tls/file.h"
#include "tls/openssl_error.h"
#include "tls/pem.h"
#include "tls/web_name.h"
#include "tls/web_watch.h"

namespace louver::tls {
namespace {

constexpr const char* suites_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";  // forward secret, authenticated encryption
constexpr const char* suites_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* signatures =
    "ed25519:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* groups_with_hybrid = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr long most_certificate_bytes = 64 * 1024;

Error unfit(const std::string& place, const std::string& why) { return {Fault::configuration, place + ": " + why}; }

Result<CertificatesHandle> read_certificates(const std::string& path) {
  LOUVER_ASSIGN(const SecretBytes pem, read_file(path, FileAccess::anybody));
  return certificates_from_pem(as_text(pem), path);
}

Result<std::set<Digest>> keys_in(const std::vector<std::string>& paths) {
  std::set<Digest> keys;
  for (const std::string& path : paths) {
    LOUVER_ASSIGN(const CertificatesHandle certificates, read_certificates(path));
    for (int i = 0; i < sk_X509_num(certificates.get()); ++i)
      keys.insert(key_digest_of(*sk_X509_value(certificates.get(), i)));
  }
  return keys;
}

Result<> add_authorities(SSL_CTX* ssl, const std::string& path, const std::set<Digest>& louver_keys) {
  LOUVER_ASSIGN(const CertificatesHandle certificates, read_certificates(path));
  X509_STORE* store = SSL_CTX_get_cert_store(ssl);
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    X509* authority = sk_X509_value(certificates.get(), i);
    const auto it_is = "the certificate of " + subject_of(*authority);
    if (!is_authority(*authority))
      return unfit(path, it_is + " is not that of an authority; trust the one that issued it instead");
    if (louver_keys.contains(key_digest_of(*authority))) {
      return unfit(path, it_is +
                             " is one of Louver's own anchors ([[trust]]), which never counts for an origin; let "
                             "another authority certify the origin");
    }
    if (is_local_authority(*authority))
      return unfit(path, it_is + " is an agent's own for https on its machine, which never counts for an origin");
    if (X509_STORE_add_cert(store, authority) != 1) return library_failed("adding an authority");
  }
  return {};
}

bool there(const char* path) {
  struct stat status {};
  return path != nullptr && ::stat(path, &status) == 0;
}

/// The library finds out only when it looks for the first issuer that there is nothing.
Result<> add_system_authorities(SSL_CTX* ssl) {
  const auto place = [](const char* variable, const char* by_default) {
    const char* set = std::getenv(variable);
    return set != nullptr ? set : by_default;
  };
  const char* file = place(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const char* folder = place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  if (!there(file) && !there(folder)) {
    return Error{Fault::configuration, std::string{"this system has no store of trusted authorities (neither "} + file +
                                           " nor " + folder + "): install one, or name a file as tls_trust"};
  }
  if (SSL_CTX_set_default_verify_paths(ssl) != 1) return library_failed("opening the system's trust store");
  return {};
}

Result<> set_certificate(SSL_CTX* ssl, const WebClientOptions::Certificate& files) {
  LOUVER_ASSIGN(const CertificatesHandle chain, read_certificates(files.chain));
  LOUVER_ASSIGN(const SecretBytes pem, read_file(files.key, FileAccess::owner_only));
  LOUVER_ASSIGN(const KeyHandle key, key_from_pem(as_text(pem), files.key));
  const CertificateHandle leaf{sk_X509_shift(chain.get())};
  if (const auto role = role_by_usage(*leaf)) {
    return unfit(files.chain, "the certificate is a Louver one, for the role " + std::string{name_of(*role)} +
                                  ", which is never shown to an origin; have another one issued for it");
  }
  const bool belongs = X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  if (!belongs) {
    return unfit(files.key, "the private key does not belong to the first certificate of " + files.chain);
  }
  if (EVP_PKEY_get_security_bits(key.get()) < least_security_bits)
    return unfit(files.key, "the key is too weak (RSA needs 2048 bits)");
  if (SSL_CTX_use_cert_and_key(ssl, leaf.get(), key.get(), chain.get(), 1) != 1)
    return unfit(files.chain, "the TLS library does not take it: " + library_errors());
  return {};
}

/// Chains are checked as for the web, names octet by octet but for a wildcard that is a whole label; a common name is
/// no name.
bool set_verification(SSL_CTX* ssl, const WebContext::Impl& impl) {
  X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(ssl, 8);
  const bool named = impl.name_is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, impl.name.c_str()) == 1
                                          : X509_VERIFY_PARAM_set1_host(rules, impl.name.data(), impl.name.size()) == 1;
  return named && SSL_CTX_set_purpose(ssl, X509_PURPOSE_SSL_SERVER) == 1;
}

bool offer_http(SSL_CTX* ssl) {
  const std::string list = static_cast<char>(http_alpn.size()) + std::string{http_alpn};
  return SSL_CTX_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                                 static_cast<unsigned>(list.size())) == 0;
}

}  // namespace

/// No resumption, no compression, no renegotiation, no early data: each connection proves itself anew. All are set by
/// us, whatever the system's openssl.cnf says.
Result<> set_web_rules(SSL_CTX* ssl) {
  SSL_CTX_set_security_level(ssl, 2);
  SSL_CTX_clear_options(ssl, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ALLOW_NO_DHE_KEX);
  SSL_CTX_set_options(ssl,
                      SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_post_handshake_auth(ssl, 0);
  SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(ssl, most_certificate_bytes);
  WebWatch::attach(ssl);
  const bool fine =
      SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
      SSL_CTX_set_max_early_data(ssl, 0) == 1 && SSL_CTX_set_recv_max_early_data(ssl, 0) == 1 &&
      SSL_CTX_set_cipher_list(ssl, suites_1_2) == 1 && SSL_CTX_set_ciphersuites(ssl, suites_1_3) == 1 &&
      SSL_CTX_set1_sigalgs_list(ssl, signatures) == 1 &&
      (SSL_CTX_set1_groups_list(ssl, groups_with_hybrid) == 1 || SSL_CTX_set1_groups_list(ssl, groups) == 1);
  if (!fine) return library_failed("preparing TLS");
  ERR_clear_error();
  return {};
}

Result<std::shared_ptr<const WebContext>> WebContext::for_client(const WebClientOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->name = options.name;
  impl->name_is_address = is_ip_address(options.name);
  impl->http = options.http;
  LOUVER_ASSIGN(impl->louver_keys, keys_in(options.louver_trust));
  ERR_clear_error();
  impl->ssl.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ssl = impl->ssl.get();
  if (ssl == nullptr) return library_failed("preparing TLS");
  LOUVER_TRY(set_web_rules(ssl));
  if (!set_verification(ssl, *impl) || (options.http && !offer_http(ssl))) return library_failed("preparing TLS");
  LOUVER_TRY(options.trust ? add_authorities(ssl, *options.trust, impl->louver_keys) : add_system_authorities(ssl));
  if (options.certificate) LOUVER_TRY(set_certificate(ssl, *options.certificate));
  return std::shared_ptr<const WebContext>{new WebContext(std::move(impl))};
}

WebContext::WebContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebContext::~WebContext() = default;

}  // namespace louver::tls
