#include "tls/raw_peer.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <map>

#include "tls/openssl_error.h"

namespace louver::tls::test {
namespace {

RawPeer& peer_of(const SSL* ssl) { return *static_cast<RawPeer*>(SSL_get_app_data(ssl)); }

int believe(X509_STORE_CTX*, void*) { return 1; }
void log_key(const SSL* ssl, const char* line) { peer_of(ssl).remember_secret(line); }

int pick_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void* wanted) {
  const auto& name = static_cast<std::vector<std::string>*>(wanted)->front();
  *out = reinterpret_cast<const unsigned char*>(name.data());
  *size = static_cast<unsigned char>(name.size());
  return SSL_TLSEXT_ERR_OK;
}

void count_message(int sent, int, int type, const void* data, std::size_t size, SSL* ssl, void*) {
  if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0) peer_of(ssl).count(*static_cast<const unsigned char*>(data));
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  peer_of(ssl).keep(session);
  return 1;
}

Buffer from_hex(std::string_view hex) {
  Buffer out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::byte>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
  }
  return out;
}

/// HKDF-Expand-Label of RFC 8446 with SHA-256.
Buffer expand(Buffer& secret, std::string label, std::size_t size) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  std::string digest = "SHA256", mode = "EXPAND_ONLY", prefix = "tls13 ";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end()};
  Buffer out(size);
  EXPECT_EQ(EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(out.data()), size, parameters), 1)
      << library_errors();
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

const unsigned char* u8(const Buffer& bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

RawPeer::RawPeer(const Options& options) : alpn_(options.alpn), early_data_(options.early_data) {
  make_context(options);
  set_identity(options);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (options.resume != nullptr) SSL_set_session(ssl_.get(), options.resume);
  if (options.is_server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

/// The library forgets the session of a connection that was not closed.
RawPeer::~RawPeer() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

void RawPeer::make_context(const Options& options) {
  context_.reset(SSL_CTX_new(options.is_server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = context_.get();
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_max_proto_version(context, options.highest_version);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  if (options.groups != nullptr) SSL_CTX_set1_groups_list(context, options.groups);
  SSL_CTX_set_cert_verify_callback(context, believe, nullptr);
  SSL_CTX_set_verify(context, options.is_server && !options.asks_for_certificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     nullptr);
  SSL_CTX_set_keylog_callback(context, log_key);
  SSL_CTX_set_msg_callback(context, count_message);
  SSL_CTX_set_num_tickets(context, options.sends_tickets ? 2 : 0);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
  SSL_CTX_set_max_early_data(context, 1000);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  std::string list;
  for (const auto& name : alpn_) list += static_cast<char>(name.size()) + name;
  if (options.is_server && !alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, pick_alpn, &alpn_);
  if (!options.is_server && !alpn_.empty()) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
}

void RawPeer::set_identity(const Options& options) {
  if (options.identity == nullptr) return;
  const CertificatesHandle chain{sk_X509_new_null()};
  for (const Party* party : options.intermediates) sk_X509_push(chain.get(), share(party->certificate.get()).release());
  const int used = SSL_CTX_use_cert_and_key(context_.get(), options.identity->certificate.get(),
                                            options.identity->key.get(), chain.get(), 1);
  EXPECT_EQ(used, 1) << library_errors();
}

void RawPeer::remember_secret(std::string_view line) {
  const char* own = SSL_is_server(ssl_.get()) != 0 ? "SERVER_TRAFFIC_SECRET_0 " : "CLIENT_TRAFFIC_SECRET_0 ";
  if (line.starts_with(own)) secret_ = from_hex(line.substr(line.rfind(' ') + 1));
}

void RawPeer::keep(SSL_SESSION* session) { session_ = {session, SSL_SESSION_free}; }
SSL_SESSION* RawPeer::session() { return session_.get(); }
bool RawPeer::is_done() const { return SSL_is_init_finished(ssl_.get()) != 0; }
bool RawPeer::was_resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
int RawPeer::seen(int handshake_type) const { return seen_.at(static_cast<std::size_t>(handshake_type)); }

void RawPeer::note_failure(int result) {
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN) return;
  failed_ = true;
  error_ = library_errors();
}

void RawPeer::advance() {
  ERR_clear_error();
  if (early_data_) {
    early_data_ = false;
    std::size_t written = 0;
    EXPECT_EQ(SSL_write_early_data(ssl_.get(), "early", 5, &written), 1) << library_errors();
  }
  if (!is_done()) {
    if (const int result = SSL_do_handshake(ssl_.get()); result != 1) return note_failure(result);
  }
  for (;;) {
    char some[4096];
    const int got = SSL_read(ssl_.get(), some, sizeof some);
    if (got <= 0) return note_failure(got);
    received_.append(some, static_cast<std::size_t>(got));
  }
}

Buffer RawPeer::step(Bytes from_peer) {
  if (!from_peer.empty()) BIO_write(SSL_get_rbio(ssl_.get()), from_peer.data(), static_cast<int>(from_peer.size()));
  if (!failed_) advance();
  Buffer out(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(ssl_.get()))));
  if (!out.empty()) BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(out.size()));
  return out;
}

void RawPeer::send(std::string_view plaintext) {
  EXPECT_EQ(SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size())),
            static_cast<int>(plaintext.size()));
}

void RawPeer::update_keys() {
  EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  EXPECT_EQ(SSL_do_handshake(ssl_.get()), 1) << library_errors();
}

void RawPeer::close() { SSL_shutdown(ssl_.get()); }

Buffer RawPeer::seal(std::string_view content, std::uint8_t type, std::size_t padding) {
  Buffer inner = to_buffer(content);
  inner.push_back(std::byte{type});
  inner.resize(inner.size() + padding);
  const std::size_t size = inner.size() + 16;
  Buffer record{std::byte{23}, std::byte{3}, std::byte{3}, static_cast<std::byte>(size >> 8),
                static_cast<std::byte>(size)};
  const Buffer key = expand(secret_, "key", 16);
  Buffer nonce = expand(secret_, "iv", 12);
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<std::byte>(sealed_ >> (8 * i));
  ++sealed_;
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  int n = 0;
  EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, u8(key), u8(nonce));
  EVP_EncryptUpdate(cipher, nullptr, &n, u8(record), 5);
  record.resize(5 + size);
  auto* out = reinterpret_cast<unsigned char*>(record.data());
  EVP_EncryptUpdate(cipher, out + 5, &n, u8(inner), static_cast<int>(inner.size()));
  EVP_EncryptFinal_ex(cipher, nullptr, &n);
  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, 16, out + 5 + inner.size());
  EVP_CIPHER_CTX_free(cipher);
  return record;
}

std::map<int, std::string> extensions_of(Bytes client_hello_record) {
  std::string_view rest = as_text(client_hello_record);
  const auto number = [&rest](std::size_t octets) {
    std::size_t value = 0;
    for (; octets > 0 && !rest.empty(); --octets, rest.remove_prefix(1))
      value = value << 8 | static_cast<unsigned char>(rest.front());
    return value;
  };
  const auto skip = [&rest](std::size_t octets) { rest.remove_prefix(std::min(octets, rest.size())); };
  skip(5 + 4 + 2 + 32);                                              // record and message header, version, random
  for (const std::size_t width : {1U, 2U, 1U}) skip(number(width));  // session id, cipher suites, compression
  number(2);
  std::map<int, std::string> out;
  while (!rest.empty()) {
    const auto type = static_cast<int>(number(2));
    const std::size_t size = number(2);
    out[type] = rest.substr(0, size);
    skip(size);
  }
  return out;
}

Result<> run(Channel& channel, RawPeer& peer) {
  Result<> first = channel.start();
  for (int quiet = 0; quiet < 2;) {
    const Buffer to_peer = channel.take_output();
    const Buffer to_channel = peer.step(to_peer);
    quiet = to_peer.empty() && to_channel.empty() ? quiet + 1 : 0;
    if (to_channel.empty()) continue;
    if (auto result = channel.receive(to_channel, now); !result && first) first = result;
  }
  return first;
}

namespace {

Result<> receive_in_pieces(Channel& channel, Bytes bytes, std::size_t piece) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
    if (auto result = channel.receive(bytes.first(std::min(piece, bytes.size())), now); !result) return result;
  }
  return {};
}

}  // namespace

Faults run(Channel& client, Channel& server, std::size_t at_most_bytes_at_once) {
  Faults faults{client.start(), server.start()};
  for (;;) {
    const Buffer to_server = client.take_output();
    const Buffer to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return faults;
    if (auto result = receive_in_pieces(server, to_server, at_most_bytes_at_once); !result && faults.server)
      faults.server = result;
    if (auto result = receive_in_pieces(client, to_client, at_most_bytes_at_once); !result && faults.client)
      faults.client = result;
  }
}

}  // namespace louver::tls::test
