#include "role/credentials.h"

namespace louver::role {

Result<Credentials> Credentials::load(const config::Common& common) {
  Credentials made;
  if (common.certificate) {
    auto identity = tls::Identity::load(common.certificate->chain, common.certificate->key);
    if (!identity) return Error{Fault::configuration, common.certificate->place + ": " + identity.error().detail};
    made.identity = *std::move(identity);
  }
  std::vector<tls::Trust::Source> sources;
  for (const config::TrustFile& file : common.trust)
    sources.push_back({file.anchors, {file.client_uri, file.middlebox_uri, file.server_uri}});
  auto trust = tls::Trust::load(sources);
  if (!trust) {
    const std::string place = common.trust.empty() ? std::string{} : common.trust.front().place + ": ";
    return Error{Fault::configuration, place + trust.error().detail};
  }
  made.trust = *std::move(trust);
  return made;
}

Result<> Credentials::check_own(tls::Role role, const std::string& name, const std::string& place) const {
  if (identity->role() && *identity->role() != role) {
    return Error{Fault::configuration,
                 place + ": the certificate is one for the role " + std::string{tls::name_of(*identity->role())} +
                     "; this is a " + std::string{tls::name_of(role)} +
                     ", which needs one of its own (louver pki issue --role " + std::string{tls::name_of(role)} + ")"};
  }
  if (!name.empty() && std::ranges::find(identity->names(), name) == identity->names().end()) {
    return Error{Fault::configuration, place + ": the certificate does not carry the name \"" + name + "\" (it has \"" +
                                           identity->names().front() + "\")"};
  }
  if (identity->not_after() <= std::chrono::system_clock::now()) {
    return Error{Fault::configuration,
                 place + ": the certificate has expired; issue a new one, or set this machine's clock right"};
  }
  return {};
}

Result<std::shared_ptr<const tls::ChannelContext>> Credentials::tls_client(tls::ChannelKind kind, bool with_identity,
                                                                           bool hybrid) const {
  return tls::ChannelContext::for_tls_client(kind, with_identity ? identity : nullptr, trust,
                                             {.require_client_certificate = false, .require_hybrid_group = hybrid});
}

Result<std::shared_ptr<const tls::ChannelContext>> Credentials::tls_server(tls::ChannelKind kind,
                                                                           bool require_client) const {
  return tls::ChannelContext::for_tls_server(
      kind, identity, trust, {.require_client_certificate = require_client, .require_hybrid_group = false});
}

Result<> check_anchors(const tls::Trust& trust, const session::AssociationRecord& record) {
  for (const session::PartyReport& party : record.parties()) {
    if (party.anchor && !trust.holds(*party.anchor))
      return Error{Fault::revoked, "the authority of " + party.name + " is no longer trusted"};
  }
  return {};
}

}  // namespace louver::role
