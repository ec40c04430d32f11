#include "crypto/token_signature.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <map>

#include "crypto/hash.h"

namespace louver::crypto {
namespace {

using enum louver::crypto::TokenAlgorithm;
constexpr std::string_view message = "header.body";

/// A key pair made for a test.
class Pair {
 public:
  static Pair rsa(std::size_t bits) { return Pair{EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)}; }
  static Pair ec(const char* curve) { return Pair{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)}; }
  static Pair ed25519() { return Pair{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")}; }
  Pair(Pair&& from) noexcept : key_(std::exchange(from.key_, nullptr)) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { EVP_PKEY_free(key_); }

  Buffer pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(out, key_);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    Buffer made = to_buffer(std::string_view{text, static_cast<std::size_t>(size)});
    BIO_free(out);
    return made;
  }
  Buffer sign(TokenAlgorithm algorithm, int salt = RSA_PSS_SALTLEN_DIGEST) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* settings = nullptr;
    EVP_DigestSignInit(context, &settings, algorithm == eddsa ? nullptr : EVP_sha256(), nullptr, key_);
    if (algorithm == ps256) {
      EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt);
    }
    const auto* text = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    EVP_DigestSign(context, nullptr, &size, text, message.size());
    Buffer out(size);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size, text, message.size());
    out.resize(size);
    EVP_MD_CTX_free(context);
    return algorithm == es256 ? raw(out) : out;
  }

 private:
  explicit Pair(EVP_PKEY* key) : key_(key) {}
  static Buffer raw(const Buffer& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    Buffer out(64);
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
    ECDSA_SIG_free(pair);
    return out;
  }
  EVP_PKEY* key_;
};

std::map<TokenAlgorithm, Pair> pairs() {
  std::map<TokenAlgorithm, Pair> out;
  out.emplace(rs256, Pair::rsa(2048));
  out.emplace(ps256, Pair::rsa(2048));
  out.emplace(es256, Pair::ec("P-256"));
  out.emplace(eddsa, Pair::ed25519());
  return out;
}

TEST(TokenSignature, holds_for_its_algorithm_and_message_and_no_other) {
  const auto all = pairs();
  for (const auto& [algorithm, pair] : all) {
    const auto key = TokenKey::make(algorithm, pair.pem());
    ASSERT_TRUE(key) << describe(key.error());
    const Buffer good = pair.sign(algorithm);
    EXPECT_TRUE((*key)->verifies(as_bytes(message), good)) << name_of(algorithm);
    EXPECT_FALSE((*key)->verifies(as_bytes("header.other"), good));
    EXPECT_FALSE((*key)->verifies(as_bytes(message), {}));
    EXPECT_FALSE((*key)->verifies(as_bytes(message), Bytes{good}.first(good.size() - 1)));
    for (std::size_t i = 0; i < good.size(); i += 7) {
      Buffer changed = good;
      changed[i] ^= std::byte{1};
      EXPECT_FALSE((*key)->verifies(as_bytes(message), changed));
    }
    Buffer longer = good;
    longer.push_back(std::byte{0});
    EXPECT_FALSE((*key)->verifies(as_bytes(message), longer));
  }
}

TEST(TokenSignature, one_padding_of_rsa_does_not_pass_for_the_other) {
  const Pair pair = Pair::rsa(2048);
  const auto by_rs = *TokenKey::make(rs256, pair.pem()), by_ps = *TokenKey::make(ps256, pair.pem());
  EXPECT_FALSE(by_rs->verifies(as_bytes(message), pair.sign(ps256)));
  EXPECT_FALSE(by_ps->verifies(as_bytes(message), pair.sign(rs256)));
  EXPECT_FALSE(by_ps->verifies(as_bytes(message), pair.sign(ps256, 0))) << "without salt";
}

TEST(TokenSignature, takes_no_key_of_another_kind) {  // FI-09: key confusion
  const auto all = pairs();
  for (const auto& [algorithm, pair] : all) {
    for (const TokenAlgorithm other : {rs256, ps256, es256, eddsa, hs256}) {
      const bool same =
          other == algorithm || (algorithm == rs256 && other == ps256) || (algorithm == ps256 && other == rs256);
      EXPECT_EQ(TokenKey::make(other, pair.pem()).has_value(), same) << name_of(other) << name_of(algorithm);
    }
  }
  EXPECT_FALSE(TokenKey::make(rs256, Pair::rsa(1024).pem()));
  EXPECT_FALSE(TokenKey::make(es256, Pair::ec("P-384").pem()));
  EXPECT_FALSE(TokenKey::make(rs256, as_bytes("no key at all")));
  EXPECT_FALSE(TokenKey::make(hs256, as_bytes(std::string(31, 's'))));
}

TEST(TokenSignature, a_shared_secret_is_an_hmac) {
  const std::string secret(32, 's');
  const auto key = *TokenKey::make(hs256, as_bytes(secret + "\n"));
  const Hash made = hmac_sha256(as_bytes(secret), {as_bytes(message)});
  EXPECT_TRUE(key->verifies(as_bytes(message), made));
  EXPECT_FALSE(key->verifies(as_bytes("x"), made));
  EXPECT_FALSE(key->verifies(as_bytes(message), Bytes{made}.first(31)));
}

}  // namespace
}  // namespace louver::crypto
