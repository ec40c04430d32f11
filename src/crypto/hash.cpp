#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "crypto/openssl_call.h"

namespace louver::crypto {
namespace {

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* fetched_sha256() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(fetched != nullptr);
  return fetched;
}

const EVP_MD* fetched_sha384() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  require(fetched != nullptr);
  return fetched;
}

void hash_with(const EVP_MD* algorithm, std::initializer_list<Bytes> pieces, MutableBytes out) {
  thread_local std::unique_ptr<EVP_MD_CTX, FreeDigest> context{EVP_MD_CTX_new()};
  require(context != nullptr && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1);
  for (Bytes piece : pieces) require(EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1);
  require(EVP_DigestFinal_ex(context.get(), u8(out), nullptr) == 1);
}

/// A context per thread and digest, keyed anew for each use: fetching and allocating each time would cost more than the
/// HMAC.
EVP_MAC_CTX* mac_context(const char* digest) {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr);
  thread_local MacContext sha256_context;
  thread_local MacContext sha384_context;
  const bool is_256 = std::string_view{digest} == "SHA256";
  MacContext& context = is_256 ? sha256_context : sha384_context;
  if (!context) {
    context.reset(EVP_MAC_CTX_new(mac));
    require(context != nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
        OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(context.get(), parameters) == 1);
  }
  return context.get();
}

void hmac_with(const char* digest, Bytes key, std::initializer_list<Bytes> pieces, MutableBytes out) {
  EVP_MAC_CTX* context = mac_context(digest);
  require(EVP_MAC_init(context, u8(key), key.size(), nullptr) == 1);
  for (Bytes piece : pieces) require(EVP_MAC_update(context, u8(piece), piece.size()) == 1);
  std::size_t written = 0;
  require(EVP_MAC_final(context, u8(out), &written, out.size()) == 1);
  // The context lives on, and with it its key and what was made of that: it forgets a secret only by taking another
  // key.
  static constexpr std::array<std::byte, hash_octets_most> nobodys_key{};
  require(EVP_MAC_init(context, u8(Bytes{nobodys_key}), nobodys_key.size(), nullptr) == 1);
}

}  // namespace

Hash sha256(std::initializer_list<Bytes> pieces) {
  Hash out{};
  hash_with(fetched_sha256(), pieces, out);
  return out;
}

Buffer digest(const Suite& suite, std::initializer_list<Bytes> pieces) {
  Buffer out(suite.hash_octets);
  hash_with(suite.hash_octets == 48 ? fetched_sha384() : fetched_sha256(), pieces, out);
  return out;
}

void hmac(const Suite& suite, Bytes key, std::initializer_list<Bytes> pieces, MutableBytes out) {
  require(out.size() == suite.hash_octets);
  hmac_with(suite.hash_octets == 48 ? "SHA384" : "SHA256", key, pieces, out);
}

Hash hmac_sha256(Bytes key, std::initializer_list<Bytes> pieces) {
  Hash out{};
  hmac_with("SHA256", key, pieces, out);
  return out;
}

struct HmacSha256::State {
  MacContext context;
};

HmacSha256::HmacSha256(Bytes key) : state_(std::make_unique<State>()) {
  state_->context.reset(EVP_MAC_CTX_dup(mac_context("SHA256")));
  require(state_->context != nullptr && EVP_MAC_init(state_->context.get(), u8(key), key.size(), nullptr) == 1);
}
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;
HmacSha256::~HmacSha256() = default;

void HmacSha256::add(Bytes piece) { require(EVP_MAC_update(state_->context.get(), u8(piece), piece.size()) == 1); }

Hash HmacSha256::finish() {
  Hash out{};
  std::size_t written = 0;
  require(EVP_MAC_final(state_->context.get(), u8(MutableBytes{out}), &written, out.size()) == 1);
  require(EVP_MAC_init(state_->context.get(), nullptr, 0, nullptr) == 1);
  return out;
}

}  // namespace louver::crypto
