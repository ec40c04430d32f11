#include "crypto/token_signature.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>

#include "base/secret.h"
#include "crypto/hash.h"

namespace louver::crypto {
namespace {

constexpr int rsa_bits_least = 2048;
constexpr std::size_t secret_bytes_least = 32;
constexpr std::size_t p256_half = 32;

struct Free {
  void operator()(BIO* one) const { BIO_free(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
  void operator()(ECDSA_SIG* one) const { ECDSA_SIG_free(one); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

const unsigned char* octets(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
Error wrong(const std::string& what) { return {Fault::configuration, what}; }

Bytes without_line_end(Bytes text) {
  for (const char end : {'\n', '\r'}) {
    if (!text.empty() && text.back() == static_cast<std::byte>(end)) text = text.first(text.size() - 1);
  }
  return text;
}

class SharedSecret final : public TokenKey {
 public:
  explicit SharedSecret(Bytes secret) : secret_(to_buffer(secret)) {}
  bool verifies(Bytes message, Bytes signature) const override {
    return equal_in_constant_time(hmac_sha256(secret_.expose(), {message}), signature);
  }

 private:
  SecretBuffer secret_;
};

/// r and s, 32 octets each (RFC 7518 section 3.4), as the library wants them.
Buffer in_der(Bytes signature) {
  if (signature.size() != 2 * p256_half) return {};
  const Handle<ECDSA_SIG> pair{ECDSA_SIG_new()};
  BIGNUM* r = BN_bin2bn(octets(signature), p256_half, nullptr);
  BIGNUM* s = BN_bin2bn(octets(signature.subspan(p256_half)), p256_half, nullptr);
  if (pair == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) return {};
  std::array<unsigned char, 80> der{};
  unsigned char* end = der.data();
  const int size = i2d_ECDSA_SIG(pair.get(), &end);
  if (size <= 0) return {};
  return to_buffer(std::as_bytes(std::span{der.data(), static_cast<std::size_t>(size)}));
}

class PublicKey final : public TokenKey {
 public:
  PublicKey(TokenAlgorithm algorithm, Handle<EVP_PKEY> key) : algorithm_(algorithm), key_(std::move(key)) {}

  bool verifies(Bytes message, Bytes signature) const override {
    const Buffer der = algorithm_ == TokenAlgorithm::es256 ? in_der(signature) : Buffer{};
    if (algorithm_ == TokenAlgorithm::es256 && der.empty()) return false;
    const Bytes given = der.empty() ? signature : Bytes{der};
    const Handle<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    EVP_PKEY_CTX* settings = nullptr;  // belongs to the context
    const EVP_MD* hash = algorithm_ == TokenAlgorithm::eddsa ? nullptr : EVP_sha256();
    const bool ready = context != nullptr &&
                       EVP_DigestVerifyInit(context.get(), &settings, hash, nullptr, key_.get()) == 1 &&
                       set_padding(settings);
    const bool good =
        ready && EVP_DigestVerify(context.get(), octets(given), given.size(), octets(message), message.size()) == 1;
    ERR_clear_error();
    return good;
  }

 private:
  /// PS256: the salt is as long as the hash (RFC 7518 section 3.5).
  bool set_padding(EVP_PKEY_CTX* settings) const {
    if (algorithm_ == TokenAlgorithm::rs256) return EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) == 1;
    if (algorithm_ != TokenAlgorithm::ps256) return true;
    return EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(settings, EVP_sha256()) == 1;
  }

  TokenAlgorithm algorithm_;
  Handle<EVP_PKEY> key_;
};

bool is_p256(EVP_PKEY* key) {
  std::array<char, 32> name{};
  std::size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view{name.data(), size} == "prime256v1";
}

bool fits(TokenAlgorithm algorithm, EVP_PKEY* key) {
  switch (algorithm) {
    case TokenAlgorithm::rs256:
    case TokenAlgorithm::ps256:
      return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= rsa_bits_least;
    case TokenAlgorithm::es256:
      return is_p256(key);
    case TokenAlgorithm::eddsa:
      return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    case TokenAlgorithm::hs256:
      break;
  }
  return false;
}

Result<std::shared_ptr<const TokenKey>> make_secret(Bytes key) {
  const Bytes secret = without_line_end(key);
  if (as_text(secret).find("-----BEGIN") != std::string_view::npos)
    return wrong("HS256 needs a secret that nobody else has; this file holds PEM");
  if (secret.size() < secret_bytes_least)
    return wrong("a secret for HS256 has " + std::to_string(secret_bytes_least) + " octets at least");
  return std::shared_ptr<const TokenKey>{std::make_shared<SharedSecret>(secret)};
}

}  // namespace

std::string_view name_of(TokenAlgorithm algorithm) {
  switch (algorithm) {
    case TokenAlgorithm::rs256:
      return "RS256";
    case TokenAlgorithm::ps256:
      return "PS256";
    case TokenAlgorithm::es256:
      return "ES256";
    case TokenAlgorithm::eddsa:
      return "EdDSA";
    case TokenAlgorithm::hs256:
      break;
  }
  return "HS256";
}

Result<std::shared_ptr<const TokenKey>> TokenKey::make(TokenAlgorithm algorithm, Bytes key) {
  if (algorithm == TokenAlgorithm::hs256) return make_secret(key);
  const Handle<BIO> file{BIO_new_mem_buf(key.data(), static_cast<int>(key.size()))};
  Handle<EVP_PKEY> read{file == nullptr ? nullptr : PEM_read_bio_PUBKEY(file.get(), nullptr, nullptr, nullptr)};
  ERR_clear_error();
  if (read == nullptr) return wrong("no public key in PEM (\"BEGIN PUBLIC KEY\")");
  if (!fits(algorithm, read.get()))
    return wrong("this key is of another kind than " + std::string{name_of(algorithm)} + " takes, or too short");
  return std::shared_ptr<const TokenKey>{std::make_shared<PublicKey>(algorithm, std::move(read))};
}

}  // namespace louver::crypto
