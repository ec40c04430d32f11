#include "tls/signature.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tls/identity.h"
#include "tls/openssl_error.h"
#include "tls/verify.h"

namespace louver::tls {
namespace {

using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

/// One scheme for each kind of key, so that a signature has one meaning.
struct Scheme {
  std::uint16_t number = 0;
  const char* digest = nullptr;  // null: the scheme brings its own
  bool pss = false;
};

std::optional<Scheme> scheme_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_ED25519:
      return Scheme{0x0807, nullptr, false};
    case EVP_PKEY_RSA:
      return Scheme{0x0804, "SHA256", true};
    case EVP_PKEY_RSA_PSS:
      return Scheme{0x0809, "SHA256", true};
    case EVP_PKEY_EC: {
      const int bits = EVP_PKEY_get_bits(&key);
      if (bits == 256) return Scheme{0x0403, "SHA256", false};
      if (bits == 384) return Scheme{0x0503, "SHA384", false};
      if (bits == 521) return Scheme{0x0603, "SHA512", false};
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

Buffer covered(Bytes statement) {
  Buffer out(64, std::byte{0x20});
  append(out, "louver/1 receipt");
  out.push_back(std::byte{0});
  append(out, statement);
  return out;
}

bool set_padding(EVP_PKEY_CTX* context, const Scheme& scheme) {
  if (!scheme.pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

const unsigned char* u8(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

CertificateHandle certificate_from_der(Bytes der) {
  const unsigned char* at = u8(der);
  CertificateHandle out{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
  ERR_clear_error();
  if (out != nullptr && at != u8(der) + der.size()) out.reset();
  return out;
}

Result<Signature> sign(EVP_PKEY* key, Bytes statement) {
  const auto scheme = scheme_of(*key);
  if (!scheme) return Error{Fault::internal_error, "a key of this kind signs no receipts"};
  const DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* key_context = nullptr;
  if (context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), &key_context, scheme->digest, nullptr, nullptr, key, nullptr) != 1 ||
      !set_padding(key_context, *scheme))
    return library_failed("signing a receipt");
  const Buffer text = covered(statement);
  std::size_t octets = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  Signature out{scheme->number, Buffer(octets)};
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.octets.data()), &octets, u8(text),
                     text.size()) != 1)
    return library_failed("signing a receipt");
  out.octets.resize(octets);
  return out;
}

}  // namespace

Result<Signature> sign_receipt(const Identity& identity, Bytes statement) {
  return sign(identity.impl().key.get(), statement);
}

Result<BareSignature> sign_receipt_by_seed(Bytes seed, Bytes statement) {
  const KeyHandle key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, u8(seed), seed.size())};
  BareSignature out;
  std::size_t octets = out.public_key.size();
  if (key == nullptr ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.public_key.data()), &octets) != 1)
    return library_failed("an Ed25519 key from its seed");
  LOUVER_ASSIGN(out.signature, sign(key.get(), statement));
  return out;
}

Result<> verify_receipt(Bytes leaf_der, const Signature& signature, Bytes statement) {
  const CertificateHandle leaf = certificate_from_der(leaf_der);
  EVP_PKEY* key = leaf == nullptr ? nullptr : X509_get0_pubkey(leaf.get());
  if (key == nullptr) return Error{Fault::certificate_invalid, "the signer's certificate cannot be read"};
  const auto scheme = scheme_of(*key);
  if (!scheme || scheme->number != signature.algorithm)
    return Error{Fault::certificate_invalid,
                 "signature algorithm " + std::to_string(signature.algorithm) + " is not that of the signer's key"};
  const DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* key_context = nullptr;
  if (context == nullptr ||
      EVP_DigestVerifyInit_ex(context.get(), &key_context, scheme->digest, nullptr, nullptr, key, nullptr) != 1 ||
      !set_padding(key_context, *scheme))
    return library_failed("verifying a receipt");
  const Buffer text = covered(statement);
  const int holds =
      EVP_DigestVerify(context.get(), u8(signature.octets), signature.octets.size(), u8(text), text.size());
  ERR_clear_error();
  if (holds != 1) return Error{Fault::certificate_invalid, "the signature does not hold"};
  return {};
}

Result<VerifiedPeer> check_certificates(const std::vector<Buffer>& certificates, std::shared_ptr<const Trust> trust,
                                        Role role, const std::string& name, WallTime at) {
  CertificateHandle leaf;
  const CertificatesHandle others{sk_X509_new_null()};
  for (const Buffer& der : certificates) {
    CertificateHandle one = certificate_from_der(der);
    if (one == nullptr) return Error{Fault::certificate_invalid, "a certificate cannot be read"};
    if (leaf == nullptr) {
      leaf = std::move(one);
    } else if (sk_X509_push(others.get(), one.get()) > 0) {
      (void)one.release();  // the stack owns it now
    }
  }
  if (leaf == nullptr) return Error{Fault::certificate_invalid, "there is no certificate"};
  return PeerVerifier{std::move(trust), {role, name, name.empty()}}.verify(leaf.get(), others.get(), at);
}

}  // namespace louver::tls
