#include "tls/verify.h"

#include <algorithm>

#include "tls/certificate_fields.h"
#include "tls/chain.h"
#include "tls/leaf_role.h"

namespace louver::tls {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "\"" : ", \"") + printable(name) + "\"";
  return printable(out);
}

int code_for(Fault fault) {
  return fault == Fault::certificate_name ? X509_V_ERR_HOSTNAME_MISMATCH : X509_V_ERR_INVALID_PURPOSE;
}

}  // namespace

PeerVerifier::PeerVerifier(std::shared_ptr<const Trust> trust, Expectation expected)
    : trust_(std::move(trust)), expected_(std::move(expected)) {}

Result<VerifiedPeer> PeerVerifier::verify(X509* leaf, STACK_OF(X509) * sent, WallTime now) {
  auto checked = verify_chain(*trust_, leaf, sent, now);
  if (auto* fault = std::get_if<ChainFault>(&checked)) {
    library_code_ = fault->code;
    return std::move(fault->error);
  }
  auto peer = verify(*std::get_if<VerifiedChain>(&checked));
  library_code_ = peer ? X509_V_OK : code_for(peer.error().fault);
  return peer;
}

/// Malformed names first: a certificate with one is refused whatever else it says.
Result<VerifiedPeer> PeerVerifier::verify(const VerifiedChain& chain) {
  const X509& leaf = *sk_X509_value(chain.certificates.get(), 0);
  LOUVER_ASSIGN(const auto names, names_of(leaf));
  LOUVER_TRY(check_leaf_kind(leaf));
  LOUVER_ASSIGN(const Role role, role_of(chain));
  if (role != expected_.role) {
    return Error{Fault::certificate_role, "the certificate is for role " + std::string{name_of(role)} + "; role " +
                                              std::string{name_of(expected_.role)} + " is expected here"};
  }
  VerifiedPeer peer;
  LOUVER_ASSIGN(peer.name_, verify_name(names));
  peer.role_ = role;
  peer.leaf_hash_ = digest_of(leaf);
  peer.leaf_der_ = der_of(leaf);
  for (int i = 1; i < sk_X509_num(chain.certificates.get()); ++i)
    peer.issuers_der_.push_back(der_of(*sk_X509_value(chain.certificates.get(), i)));
  peer.key_hash_ = key_digest_of(leaf);
  peer.not_after_ = chain.not_after;
  const X509& anchor = *sk_X509_value(chain.certificates.get(), sk_X509_num(chain.certificates.get()) - 1);
  peer.anchor_ = {digest_of(anchor), *chain.roles};
  return peer;
}

/// RFC 9525 without wildcards: octet by octet. The common name is no name.
Result<std::string> PeerVerifier::verify_name(const std::vector<std::string>& names) {
  if (names.empty()) return Error{Fault::certificate_name, "the certificate has neither a DNS name nor a SPIFFE id"};
  if (expected_.any_name) return names.front();
  if (expected_.name.empty())
    return Error{Fault::certificate_name, "no name is expected of this peer, so none will do"};
  if (std::ranges::find(names, expected_.name) == names.end()) {
    return Error{Fault::certificate_name, "the certificate is for " + listed(names) + ", not for \"" +
                                              printable(expected_.name) +
                                              "\" (names are compared octet by octet, in lower case)"};
  }
  return expected_.name;
}

}  // namespace louver::tls
