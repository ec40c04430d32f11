#include "rogue/agreement_raw_tls.h"

#include <stdexcept>

#include "tls/identity.h"

namespace louver::rogue {
namespace {

int pick(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void* of) {
  const auto& alpn = static_cast<RawTls*>(of)->options().alpn;
  if (alpn.empty()) return SSL_TLSEXT_ERR_NOACK;
  *out = reinterpret_cast<const unsigned char*>(alpn.front().data());
  *size = static_cast<unsigned char>(alpn.front().size());
  return SSL_TLSEXT_ERR_OK;
}

std::string list_of(const std::vector<std::string>& alpn) {
  std::string out;
  for (const std::string& one : alpn) out += static_cast<char>(one.size()) + one;
  return out;
}

int believe(X509_STORE_CTX*, void*) { return 1; }

}  // namespace

RawTls::RawTls(Options options)
    : options_(std::move(options)),
      context_(SSL_CTX_new(options_.is_server ? TLS_server_method() : TLS_client_method())) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_max_proto_version(context, options_.highest_version);
  SSL_CTX_set_num_tickets(context, options_.sends_tickets ? 2 : 0);
  SSL_CTX_set_cert_verify_callback(context, believe, nullptr);
  SSL_CTX_set_verify(context, !options_.is_server || options_.asks_for_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  if (options_.identity != nullptr) {
    const auto& own = options_.identity->impl();
    if (SSL_CTX_use_cert_and_key(context, own.leaf.get(), own.key.get(), nullptr, 1) != 1)
      throw std::runtime_error("a certificate that TLS does not take");
  }
  if (options_.is_server) {
    SSL_CTX_set_alpn_select_cb(context, pick, this);
  } else if (!options_.alpn.empty()) {
    const std::string list = list_of(options_.alpn);
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  ssl_.reset(SSL_new(context));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  options_.is_server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

Buffer RawTls::step(Bytes from_peer) {
  if (!from_peer.empty()) BIO_write(SSL_get_rbio(ssl_.get()), from_peer.data(), static_cast<int>(from_peer.size()));
  std::byte scratch[4096];
  if (SSL_do_handshake(ssl_.get()) == 1) SSL_read(ssl_.get(), scratch, sizeof scratch);
  Buffer out;
  for (int got = 0; (got = BIO_read(SSL_get_wbio(ssl_.get()), scratch, sizeof scratch)) > 0;)
    append(out, Bytes{scratch}.first(static_cast<std::size_t>(got)));
  return out;
}

}  // namespace louver::rogue
