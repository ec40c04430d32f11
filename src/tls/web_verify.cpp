#include "tls/web_verify.h"

#include "tls/certificate_fields.h"
#include "tls/openssl_error.h"

namespace louver::tls {
namespace {

/// Only for the log line: what the certificate is for.
std::string written_names(const X509& leaf) {
  const auto written = alternative_names_of(leaf);
  if (!written || written->empty()) return "no DNS name";
  std::string out;
  for (const AlternativeName& name : *written) out += (out.empty() ? "\"" : ", \"") + printable(name.text, 64) + "\"";
  return printable(out, 256);
}

std::string reason(int code, const X509& culprit, const X509& leaf, const std::string& name, WallTime now) {
  const auto subject = "the certificate of " + subject_of(culprit);
  const auto clock = "; this machine's clock says " + text_of(now);
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is for " + written_names(leaf) + ", not for \"" + name +
             "\"; if it is the right server, write its name as tls_name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return subject + " expired at " + text_of(not_after_of(culprit)) + clock;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return subject + " is not valid before " + text_of(not_before_of(culprit)) + clock;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return subject + " leads to no authority that is trusted for this origin (issuer: " + issuer_of(culprit) +
             "); name the authority's file as tls_trust";
    default:
      return subject + ": " + X509_verify_cert_error_string(code);
  }
}

/// One chain must not do for both worlds, whatever files an operator or the system holds.
bool leads_over_louver(const WebContext::Impl& context, X509_STORE_CTX* handshake) {
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(handshake);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509& certificate = *sk_X509_value(chain, i);
    if (context.louver_keys.contains(key_digest_of(certificate)) || is_local_authority(certificate)) return true;
  }
  return false;
}

}  // namespace

std::optional<Error> verify_web_server(const WebContext::Impl& context, X509_STORE_CTX* handshake, WallTime now) {
  const X509* leaf = X509_STORE_CTX_get0_cert(handshake);
  if (leaf == nullptr) {
    X509_STORE_CTX_set_error(handshake, X509_V_ERR_APPLICATION_VERIFICATION);
    return Error{Fault::certificate_invalid, "the origin shows no certificate"};
  }
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(handshake), std::chrono::system_clock::to_time_t(now));
  if (X509_verify_cert(handshake) != 1) {
    (void)library_errors();
    const int code = X509_STORE_CTX_get_error(handshake);
    const X509* culprit = X509_STORE_CTX_get_current_cert(handshake);
    const bool about_name = code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH;
    return Error{about_name ? Fault::certificate_name : Fault::certificate_invalid,
                 reason(code, culprit != nullptr ? *culprit : *leaf, *leaf, context.name, now)};
  }
  if (leads_over_louver(context, handshake)) {
    X509_STORE_CTX_set_error(handshake, X509_V_ERR_CERT_UNTRUSTED);
    return Error{Fault::certificate_invalid, "the certificate of " + subject_of(*leaf) +
                                                 " is issued by an authority of Louver's own [[trust]], or by an "
                                                 "agent's for local https: neither counts for an origin"};
  }
  return std::nullopt;
}

}  // namespace louver::tls
