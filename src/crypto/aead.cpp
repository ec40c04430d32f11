#include "crypto/aead.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "crypto/expand_label.h"
#include "crypto/openssl_call.h"

namespace louver::crypto {
namespace {

int length(Bytes bytes) { return static_cast<int>(bytes.size()); }  // records and frames are below 2^24

const EVP_CIPHER* fetched(SuiteId id) {
  static EVP_CIPHER* const aes_128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  static EVP_CIPHER* const aes_256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static EVP_CIPHER* const chacha = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  switch (id) {
    case SuiteId::aes_128_gcm_sha256:
      return aes_128;
    case SuiteId::aes_256_gcm_sha384:
      return aes_256;
    case SuiteId::chacha20_poly1305_sha256:
      return chacha;
  }
  std::abort();
}

void update_aad(EVP_CIPHER_CTX* context, Bytes aad) {
  int written = 0;
  if (!aad.empty()) require(EVP_CipherUpdate(context, nullptr, &written, u8(aad), length(aad)) == 1);
}

}  // namespace

const bool real_cryptography = true;

void Aead::FreeContext::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

Aead::Aead(const Suite& suite, Use use, Bytes secret) : suite_(&suite), use_(use), key_(suite.key_octets) {
  expand_label(suite, secret, "key", {}, key_.fill());
  expand_label(suite, secret, "iv", {}, iv_);
}

Aead::Aead(const Suite& suite, Use use, Bytes key, Bytes iv) : suite_(&suite), use_(use), key_(key) {
  require(key.size() == suite.key_octets && iv.size() == iv_octets);
  std::ranges::copy(iv, iv_.begin());
}

evp_cipher_ctx_st* Aead::context() const {
  if (context_ == nullptr) {
    context_.reset(EVP_CIPHER_CTX_new());
    require(context_ != nullptr && fetched(suite_->id) != nullptr);
    require(EVP_CipherInit_ex2(context_.get(), fetched(suite_->id), u8(key_.expose()), u8(Bytes{iv_}),
                               use_ == Use::seal ? 1 : 0, nullptr) == 1);
  }
  return context_.get();
}

Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() { wipe(iv_); }

std::array<std::byte, iv_octets> Aead::nonce(Sequence seq) const {
  std::array<std::byte, iv_octets> out = iv_;
  for (std::size_t i = 0; i < 8; ++i) {
    out[iv_octets - 1 - i] ^= static_cast<std::byte>(static_cast<std::uint64_t>(seq) >> (8 * i));
  }
  return out;
}

void Aead::seal(Sequence seq, Bytes aad, Bytes plaintext, MutableBytes ciphertext, MutableBytes tag) const {
  evp_cipher_ctx_st* const context = this->context();
  const auto iv = nonce(seq);
  int written = 0;
  require(EVP_EncryptInit_ex2(context, nullptr, nullptr, u8(Bytes{iv}), nullptr) == 1);
  update_aad(context, aad);
  if (!plaintext.empty())
    require(EVP_EncryptUpdate(context, u8(ciphertext), &written, u8(plaintext), length(plaintext)) == 1);
  unsigned char none[16];
  require(EVP_EncryptFinal_ex(context, none, &written) == 1);
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_octets, tag.data()) == 1);
}

bool Aead::open(Sequence seq, Bytes aad, Bytes ciphertext, Bytes tag, MutableBytes plaintext) const {
  evp_cipher_ctx_st* const context = this->context();
  const auto iv = nonce(seq);
  int written = 0;
  Tag expected;
  std::ranges::copy(tag.first(tag_octets), expected.begin());
  require(EVP_DecryptInit_ex2(context, nullptr, nullptr, u8(Bytes{iv}), nullptr) == 1);
  update_aad(context, aad);
  if (!ciphertext.empty())
    require(EVP_DecryptUpdate(context, u8(plaintext), &written, u8(ciphertext), length(ciphertext)) == 1);
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_octets, expected.data()) == 1);
  unsigned char none[16];
  if (EVP_DecryptFinal_ex(context, none, &written) == 1) return true;
  wipe(plaintext.first(ciphertext.size()));
  return false;
}

Tag Aead::tag(Sequence seq, std::initializer_list<Bytes> aad) const {
  evp_cipher_ctx_st* const context = this->context();
  const auto iv = nonce(seq);
  int written = 0;
  require(EVP_EncryptInit_ex2(context, nullptr, nullptr, u8(Bytes{iv}), nullptr) == 1);
  for (Bytes piece : aad) update_aad(context, piece);
  unsigned char none[16];
  require(EVP_EncryptFinal_ex(context, none, &written) == 1);
  Tag out{};
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_octets, out.data()) == 1);
  return out;
}

}  // namespace louver::crypto
