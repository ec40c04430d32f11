#include "tls/trust.h"

#include "tls/certificate_fields.h"
#include "tls/file.h"
#include "tls/local_leaf.h"
#include "tls/openssl_error.h"
#include "tls/pem.h"
#include "tls/role_pattern.h"

namespace louver::tls {
namespace {

Error unusable_anchors(std::string_view place, const std::string& why) {
  return {Fault::configuration, std::string{place} + ": " + why};
}

Result<std::unique_ptr<Trust::Impl>> empty_trust() {
  auto trust = std::make_unique<Trust::Impl>();
  trust->store.reset(X509_STORE_new());
  if (!trust->store) return library_failed("making a certificate store");
  return trust;
}

Result<> add_anchor(Trust::Impl& trust, X509* anchor, const RolePatterns& roles, std::string_view place) {
  const auto it_is = "the certificate of " + subject_of(*anchor);
  if (has_malformed_extension(*anchor))
    return unusable_anchors(place, it_is + " has a malformed extension, or one twice");
  if (!is_authority(*anchor)) {
    return unusable_anchors(
        place, it_is + " is not that of an authority (no basic constraint CA); trust the one that issued it instead");
  }
  if (is_local_authority(*anchor))
    return unusable_anchors(
        place, it_is + " is an agent's own for https on its machine, which vouches for no party of Louver's");
  const auto [before, is_new] = trust.roles.try_emplace(digest_of(*anchor), roles);
  if (!is_new && before->second != roles) {
    return unusable_anchors(place, it_is + " is configured twice, with different ways to tell roles; keep one of them");
  }
  if (X509_STORE_add_cert(trust.store.get(), anchor) != 1) return library_failed("adding a trust anchor");
  return {};
}

Result<> add_anchors(Trust::Impl& trust, std::string_view pem, const RolePatterns& roles, std::string_view place) {
  if (auto fault = role_patterns_fault(roles)) return unusable_anchors(place, *fault);
  LOUVER_ASSIGN(const auto anchors, certificates_from_pem(pem, place));
  for (int i = 0; i < sk_X509_num(anchors.get()); ++i) {
    LOUVER_TRY(add_anchor(trust, sk_X509_value(anchors.get(), i), roles, place));
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Trust>> Trust::load(const std::vector<Source>& sources) {
  if (sources.empty())
    return Error{Fault::configuration, "no trust anchor is configured: name the certificate of at least one authority"};
  LOUVER_ASSIGN(auto impl, empty_trust());
  for (const Source& source : sources) {
    LOUVER_ASSIGN(const SecretBytes pem, read_file(source.path, FileAccess::anybody));
    LOUVER_TRY(add_anchors(*impl, as_text(pem), source.roles, source.path));
  }
  return std::shared_ptr<const Trust>{new Trust(std::move(impl))};
}

Result<std::shared_ptr<const Trust>> Trust::from_pem(std::string_view anchors, const RolePatterns& roles) {
  LOUVER_ASSIGN(auto impl, empty_trust());
  LOUVER_TRY(add_anchors(*impl, anchors, roles, "the anchor text"));
  return std::shared_ptr<const Trust>{new Trust(std::move(impl))};
}

Trust::Trust(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trust::~Trust() = default;

bool Trust::holds(const Anchor& anchor) const {
  const auto found = impl_->roles.find(anchor.certificate);
  return found != impl_->roles.end() && found->second == anchor.roles;
}

bool Trust::same_as(const Trust& other) const { return impl_->roles == other.impl_->roles; }

}  // namespace louver::tls
