#include "tls/pki.h"

#include <openssl/err.h>

#include <algorithm>
#include <set>

#include "tls/certificate_builder.h"
#include "tls/certificate_fields.h"
#include "tls/names.h"
#include "tls/openssl_error.h"
#include "tls/pem.h"
#include "tls/role.h"

namespace louver::tls::pki {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t longest_common_name = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr std::size_t most_names = 64;
constexpr auto backdated = std::chrono::minutes{1};  // for peers whose clocks are a little behind
constexpr auto longest_lifetime = std::chrono::years{100};

Error refused(std::string why) { return {Fault::configuration, std::move(why)}; }

struct Validity {
  sys_seconds not_before, not_after;
};

Result<Validity> validity(WallTime now, seconds lifetime) {
  if (lifetime <= seconds{0}) return refused("the lifetime must be more than 0 s");
  if (lifetime > longest_lifetime) return refused("the lifetime must be at most 100 years");
  const auto start = std::chrono::floor<seconds>(now);
  return Validity{start - backdated, start + lifetime};
}

Result<> check_common_name(const std::string& name) {
  const auto is_printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (name.empty()) return refused("an authority needs a common name");
  if (name.size() > longest_common_name) return refused("the authority's common name is longer than 64 characters");
  if (!std::ranges::all_of(name, is_printable))
    return refused("the authority's common name may only have printable ASCII characters");
  return {};
}

Result<> check_names(const std::vector<std::string>& names) {
  if (names.empty()) return refused("a certificate needs at least one name: a DNS name or a SPIFFE id");
  if (names.size() > most_names) return refused("a certificate may have at most 64 names");
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const auto shown = "the name \"" + printable(name) + "\"";
    if (auto why = party_name_fault(name)) return refused(shown + " cannot be used: " + *why);
    if (!seen.insert(name).second) return refused(shown + " is there twice");
  }
  return {};
}

struct Signer {
  CertificatesHandle certificates;  // the authority's first
  KeyHandle key;
  X509* certificate() const { return sk_X509_value(certificates.get(), 0); }
};

Result<Signer> open(const Authority& authority, const Validity& leaf) {
  Signer signer;
  LOUVER_ASSIGN(signer.certificates, certificates_from_pem(authority.certificate_pem, "the authority's certificate"));
  LOUVER_ASSIGN(signer.key, key_from_pem(authority.key_pem, "the authority's key"));
  X509* certificate = signer.certificate();
  if (!is_authority(*certificate))
    return refused("the certificate of " + subject_of(*certificate) + " is not that of an authority");
  const bool belongs = X509_check_private_key(certificate, signer.key.get()) == 1;
  ERR_clear_error();
  if (!belongs) return refused("the authority's key does not belong to the certificate of " + subject_of(*certificate));
  if (leaf.not_after > not_after_of(*certificate)) {
    return refused("the authority ends at " + text_of(not_after_of(*certificate)) + ", before the certificate would (" +
                   text_of(leaf.not_after) + "): ask for a shorter lifetime, or make a new authority");
  }
  return signer;
}

/// What a peer needs besides the anchor to build the chain: nothing, unless the authority is itself below one.
Result<std::string> chain_pem(X509* leaf, const Signer& signer) {
  LOUVER_ASSIGN(std::string out, pem_of(leaf));
  for (int i = 0; i < sk_X509_num(signer.certificates.get()); ++i) {
    X509* issuer = sk_X509_value(signer.certificates.get(), i);
    if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(issuer)) == 0) continue;
    LOUVER_ASSIGN(const std::string more, pem_of(issuer));
    out += more;
  }
  return out;
}

/// Only for people who look at it: nobody takes a name from there.
std::string subject_for(const LeafRequest& request) {
  const std::string& name = request.names.front();
  return name.size() <= longest_common_name ? name : "louver " + std::string{name_of(request.role)};
}

std::string role_text(const X509& certificate) {
  if (is_authority(certificate)) return "authority";
  const auto role = role_by_usage(certificate);
  return role ? std::string{name_of(*role)} : "none";
}

/// As they are written, also those that nobody would accept: who asks wants to know why.
Result<std::vector<std::string>> shown_names(const X509& certificate) {
  LOUVER_ASSIGN(const auto written, alternative_names_of(certificate));
  std::vector<std::string> out;
  out.reserve(written.size());
  for (const AlternativeName& name : written) out.push_back(printable(name.text));
  return out;
}

}  // namespace

Result<Authority> create_authority(const AuthorityRequest& request, WallTime now) {
  LOUVER_TRY(check_common_name(request.common_name));
  LOUVER_ASSIGN(const Validity valid, validity(now, request.lifetime));
  LOUVER_ASSIGN(const KeyHandle key, make_p256_key());
  CertificateBuilder builder{key.get(), nullptr};
  builder.common_name(request.common_name)
      .validity(valid.not_before, valid.not_after)
      .extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      .extension(NID_key_usage, "critical,keyCertSign")
      .extension(NID_subject_key_identifier, "hash");
  LOUVER_ASSIGN(const CertificateHandle certificate, builder.sign(key.get()));
  Authority authority;
  LOUVER_ASSIGN(authority.certificate_pem, pem_of(certificate.get()));
  LOUVER_ASSIGN(authority.key_pem, pem_of(key.get()));
  return authority;
}

Result<Issued> issue(const Authority& authority, const LeafRequest& request, WallTime now) {
  LOUVER_TRY(check_names(request.names));
  LOUVER_ASSIGN(const Validity valid, validity(now, request.lifetime));
  LOUVER_ASSIGN(const Signer signer, open(authority, valid));
  LOUVER_ASSIGN(const KeyHandle key, make_p256_key());
  CertificateBuilder builder{key.get(), signer.certificate()};
  builder.common_name(subject_for(request))
      .validity(valid.not_before, valid.not_after)
      .extension(NID_basic_constraints, "critical,CA:FALSE")
      .extension(NID_key_usage, "critical,digitalSignature")
      .extended_key_usage(usage_oid(request.role))
      .names(request.names)
      .extension(NID_subject_key_identifier, "hash")
      .extension(NID_authority_key_identifier, "keyid:always");
  LOUVER_ASSIGN(const CertificateHandle leaf, builder.sign(signer.key.get()));
  Issued issued;
  LOUVER_ASSIGN(issued.chain_pem, chain_pem(leaf.get(), signer));
  LOUVER_ASSIGN(issued.key_pem, pem_of(key.get()));
  return issued;
}

Result<std::vector<Description>> describe(std::string_view certificates_pem) {
  LOUVER_ASSIGN(const auto certificates, certificates_from_pem(certificates_pem, "the certificate text"));
  std::vector<Description> out;
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    const X509& certificate = *sk_X509_value(certificates.get(), i);
    LOUVER_ASSIGN(auto names, shown_names(certificate));
    out.push_back({subject_of(certificate), issuer_of(certificate), serial_of(certificate), std::move(names),
                   role_text(certificate), not_before_of(certificate), not_after_of(certificate),
                   digest_of(certificate)});
  }
  return out;
}

}  // namespace louver::tls::pki
