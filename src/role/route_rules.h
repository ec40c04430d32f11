#pragma once

#include <set>

#include "profile/http1/contexts.h"
#include "profile/http1/lift/contexts.h"
#include "role/credentials.h"
#include "runtime/endpoint.h"
#include "session/client_association.h"
#include "session/profile_traits.h"

namespace louver::role {

/// What an agent goes by on one route: what it offers, whom it trusts, where it connects to. Immutable; another edition
/// takes its place.
class RouteRules {
 public:
  /// @param withdrawn  middleboxes of these names are offered nothing; a server of such a name is not reached
  /// @fault configuration: the route's grants or middleboxes break a rule
  static Result<std::shared_ptr<const RouteRules>> make(const config::Route& route, const Credentials& credentials,
                                                        std::uint32_t max_record,
                                                        const std::set<std::string>& withdrawn);

  /// The same without certificates, to ask what it would offer and take: for `louver policy`. It has no channels().
  static Result<std::shared_ptr<const RouteRules>> on_paper(const config::Route& route, std::uint32_t max_record);

  const config::Route& route() const { return route_; }
  const session::ProfileTraits& profile() const { return *profile_; }
  const runtime::Endpoint& first_party() const { return first_party_; }
  const session::ClientOffer& offer() const { return offer_; }
  const session::EndpointChannels& channels() const { return channels_; }
  /// What is lifted out of messages, with the ids of offer().
  const profile::http1::FieldContexts& fields() const { return fields_; }
  /// Where it carries trailers: their contexts in offer().
  const std::optional<profile::http1::TrailerIds>& trailers() const { return trailers_; }
  /// Null, or why this route makes no associations.
  const std::string& refused() const { return refused_; }

  /// The same with a middlebox that announced itself and is listed. docs/protocol.md §10
  /// @fault announced: why not
  Result<std::shared_ptr<const RouteRules>> with_announced(const wire::Announce& announce) const;

  /// The answer to the offer: grants and audits. @fault grant_refused
  Result<> approve(const session::Terms& terms) const;
  /// Whether an association that was agreed on under other rules could be agreed on as it is under these.
  /// @fault revoked, with the reason
  Result<> allows(const session::AssociationRecord& record) const;
  /// Nothing that an association depends on differs.
  bool same_as(const RouteRules& other) const;

 private:
  RouteRules(config::Route route, const Credentials& credentials, runtime::Endpoint first_party)
      : route_(std::move(route)), credentials_(credentials), first_party_(std::move(first_party)) {}
  static Result<std::shared_ptr<RouteRules>> draft(const config::Route& route, const Credentials& credentials,
                                                   std::uint32_t max_record, const std::set<std::string>& withdrawn);
  Result<> make_offer(std::uint32_t max_record, const std::set<std::string>& withdrawn);
  Result<> offer_audits();
  Result<> check_grants(const session::Terms& terms) const;

  config::Route route_;
  Credentials credentials_;
  runtime::Endpoint first_party_;
  const session::ProfileTraits* profile_ = nullptr;
  profile::http1::FieldContexts fields_;
  std::optional<profile::http1::TrailerIds> trailers_;
  session::ClientOffer offer_;
  session::EndpointChannels channels_;
  std::string refused_;
  std::uint32_t max_record_ = 0;
  std::set<std::string> withdrawn_;
};

}  // namespace louver::role
