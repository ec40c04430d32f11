#include "tls/leaf_role.h"

#include <algorithm>

#include "tls/certificate_fields.h"
#include "tls/role.h"
#include "tls/role_pattern.h"

namespace louver::tls {
namespace {

constexpr std::string_view any_extended_key_usage = "2.5.29.37.0";

Error refused(std::string why) { return {Fault::certificate_role, std::move(why)}; }

/// Nothing stands beside our own usage: a certificate for the web, or for two roles, is none of ours.
Result<Role> role_by_only_usage(const X509& leaf) {
  LOUVER_ASSIGN(const auto usages, usages_of(leaf));
  if (!usages)
    return refused(
        "the certificate has no extended key usage; it needs exactly one, that of its role (2.999.1.1 to 2.999.1.3)");
  if (usages->size() != 1) {
    return refused("the certificate has " + std::to_string(usages->size()) +
                   " extended key usages; it needs exactly one, that of its role");
  }
  const std::string& usage = usages->front();
  if (usage == any_extended_key_usage) return refused("the certificate has anyExtendedKeyUsage, which gives no role");
  const auto role = role_of_usage(usage);
  if (!role) return refused("the certificate's extended key usage " + usage + " is that of no role");
  return *role;
}

Result<> check_issuers(const VerifiedChain& chain, Role role) {
  const int anchor = sk_X509_num(chain.certificates.get()) - 1;
  for (int i = 1; i < anchor; ++i) {
    const X509& issuer = *sk_X509_value(chain.certificates.get(), i);
    LOUVER_ASSIGN(const auto usages, usages_of(issuer));
    if (usages && std::ranges::find(*usages, usage_oid(role)) == usages->end()) {
      return refused("the authority " + subject_of(issuer) +
                     " is limited to other extended key usages and may not issue for role " +
                     std::string{name_of(role)});
    }
  }
  return {};
}

/// A usage of ours that says something else would make a leaf of two roles.
Result<> check_usage_agrees(const X509& leaf, Role role) {
  LOUVER_ASSIGN(const auto usages, usages_of(leaf));
  if (!usages) return {};
  for (const std::string& usage : *usages) {
    if (const auto other = role_of_usage(usage); other && *other != role) {
      return refused("the certificate's URI gives role " + std::string{name_of(role)} +
                     ", its extended key usage role " + std::string{name_of(*other)});
    }
  }
  return {};
}

Result<std::string> only_uri(const X509& leaf) {
  LOUVER_ASSIGN(auto names, alternative_names_of(leaf));
  std::erase_if(names, [](const AlternativeName& name) { return name.kind != AlternativeName::Kind::uri; });
  if (names.size() == 1) return std::move(names.front().text);
  return refused("its trust anchor tells roles by a URI, and the certificate has " + std::to_string(names.size()) +
                 " of them; it needs exactly one");
}

Result<Role> role_by_uri(const X509& leaf, const RolePatterns& patterns) {
  LOUVER_ASSIGN(const std::string uri, only_uri(leaf));
  for (Role role : all_roles) {  // Trust has seen to it that at most one pattern matches
    if (!matches(pattern_of(patterns, role), uri)) continue;
    LOUVER_TRY(check_usage_agrees(leaf, role));
    return role;
  }
  return refused("the certificate's URI \"" + printable(uri) + "\" matches no role's pattern of its trust anchor");
}

}  // namespace

Result<Role> role_of(const VerifiedChain& chain) {
  const X509& leaf = *sk_X509_value(chain.certificates.get(), 0);
  if (chain.roles->by_uri()) return role_by_uri(leaf, *chain.roles);
  LOUVER_ASSIGN(const Role role, role_by_only_usage(leaf));
  LOUVER_TRY(check_issuers(chain, role));
  return role;
}

Result<> check_leaf_kind(const X509& leaf) {
  if (is_authority(leaf)) return refused("the certificate is that of an authority; a party needs one of its own");
  if (!may_sign(leaf)) return refused("the certificate's key usage lacks digitalSignature");
  return {};
}

}  // namespace louver::tls
