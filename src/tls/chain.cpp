#include "tls/chain.h"

#include "tls/certificate_fields.h"
#include "tls/openssl_error.h"
#include "tls/trust.h"

namespace louver::tls {
namespace {

constexpr int most_certificates = 6;  // leaf, four between, anchor
constexpr int most_intermediates = most_certificates - 2;
constexpr int security_level = 2;  // 112 bits: refuses RSA below 2048 bits, MD5 and SHA-1

ChainFault invalid(int code, std::string detail) { return {code, {Fault::certificate_invalid, std::move(detail)}}; }

/// The library's own check knows no purpose that is ours, so it is told "any"; what that leaves out, PeerVerifier
/// checks.
bool set_rules(X509_STORE_CTX* context, WallTime now) {
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  X509_VERIFY_PARAM_set_auth_level(rules, security_level);
  X509_VERIFY_PARAM_set_depth(rules, most_intermediates);
  return X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY) == 1 &&
         X509_VERIFY_PARAM_set_flags(
             rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

std::string clock_hint(WallTime now) {
  return "; this machine's clock says " + text_of(now) + ": renew the certificate, or set the clock that is wrong";
}

std::string reason(int code, const X509& culprit, WallTime now) {
  const auto subject = "the certificate of " + subject_of(culprit);
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return subject + " expired at " + text_of(not_after_of(culprit)) + clock_hint(now);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return subject + " is not valid before " + text_of(not_before_of(culprit)) + clock_hint(now);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return subject + " leads to no configured trust anchor (issuer: " + issuer_of(culprit) +
             "); the peer may have left out intermediate certificates, or its authority is not trusted here";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return subject + " is signed by itself and is no configured trust anchor";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return subject + " has a key that is too weak (RSA needs 2048 bits)";
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return subject + " is signed with a hash that is too weak (SHA-1 or MD5)";
    default:
      return subject + ": " + X509_verify_cert_error_string(code);
  }
}

ChainFault fault_of(X509_STORE_CTX* context, const X509& leaf, WallTime now) {
  (void)library_errors();
  const int code = X509_STORE_CTX_get_error(context);
  const X509* culprit = X509_STORE_CTX_get_current_cert(context);
  return invalid(code, reason(code, culprit != nullptr ? *culprit : leaf, now));
}

std::variant<VerifiedChain, ChainFault> describe(const Trust& trust, CertificatesHandle certificates) {
  const int count = sk_X509_num(certificates.get());
  WallTime not_after = WallTime::max();
  for (int i = 0; i < count; ++i) not_after = std::min(not_after, not_after_of(*sk_X509_value(certificates.get(), i)));
  const auto anchor = trust.impl().roles.find(digest_of(*sk_X509_value(certificates.get(), count - 1)));
  if (anchor == trust.impl().roles.end())
    return invalid(X509_V_ERR_CERT_UNTRUSTED, "the chain does not end at a configured anchor");
  return VerifiedChain{std::move(certificates), &anchor->second, not_after};
}

/// Looked at by ourselves: the library would only say that it finds no issuer.
const X509* first_malformed(const X509* leaf, const STACK_OF(X509) * sent) {
  if (has_malformed_extension(*leaf)) return leaf;
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    if (const X509* certificate = sk_X509_value(sent, i); has_malformed_extension(*certificate)) return certificate;
  }
  return nullptr;
}

}  // namespace

std::variant<VerifiedChain, ChainFault> verify_chain(const Trust& trust, X509* leaf, STACK_OF(X509) * sent,
                                                     WallTime now) {
  if (sk_X509_num(sent) > most_certificates) {
    return invalid(X509_V_ERR_CERT_CHAIN_TOO_LONG, "the peer sent " + std::to_string(sk_X509_num(sent)) +
                                                       " certificates; " + std::to_string(most_certificates) +
                                                       " are allowed");
  }
  if (const X509* malformed = first_malformed(leaf, sent)) {
    return invalid(X509_V_ERR_CERT_REJECTED,
                   "the certificate of " + subject_of(*malformed) + " has a malformed extension, or one twice");
  }
  const StoreContextHandle context{X509_STORE_CTX_new()};
  if (!context || X509_STORE_CTX_init(context.get(), trust.impl().store.get(), leaf, sent) != 1 ||
      !set_rules(context.get(), now)) {
    return ChainFault{X509_V_ERR_OUT_OF_MEM, library_failed("checking a certificate chain")};
  }
  if (X509_verify_cert(context.get()) != 1) return fault_of(context.get(), *leaf, now);
  return describe(trust, CertificatesHandle{X509_STORE_CTX_get1_chain(context.get())});
}

}  // namespace louver::tls
