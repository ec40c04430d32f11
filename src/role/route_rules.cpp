#include "role/route_rules.h"

#include "config/discovery.h"
#include "config/policy.h"
#include "profile/registry.h"
#include "role/field_contexts.h"

namespace louver::role {

Result<std::shared_ptr<RouteRules>> RouteRules::draft(const config::Route& route, const Credentials& credentials,
                                                      std::uint32_t max_record,
                                                      const std::set<std::string>& withdrawn) {
  LOUVER_ASSIGN(runtime::Endpoint first, runtime::Endpoint::make(route.connect.address, route.connect.port));
  std::shared_ptr<RouteRules> made{new RouteRules{route, credentials, std::move(first)}};
  made->profile_ = profile::find_profile(config::name_of(route.profile));
  if (made->profile_ == nullptr) return Error{Fault::configuration, route.place + ": unknown profile"};
  made->max_record_ = max_record;
  made->withdrawn_ = withdrawn;
  LOUVER_TRY(made->make_offer(max_record, withdrawn));
  if (withdrawn.contains(route.server)) made->refused_ = route.server + " is withdrawn";
  return made;
}

Result<std::shared_ptr<const RouteRules>> RouteRules::on_paper(const config::Route& route, std::uint32_t max_record) {
  LOUVER_ASSIGN(auto made, draft(route, {}, max_record, {}));
  return std::shared_ptr<const RouteRules>{std::move(made)};
}

Result<std::shared_ptr<const RouteRules>> RouteRules::make(const config::Route& route, const Credentials& credentials,
                                                           std::uint32_t max_record,
                                                           const std::set<std::string>& withdrawn) {
  LOUVER_ASSIGN(auto made, draft(route, credentials, max_record, withdrawn));
  LOUVER_ASSIGN(made->channels_.end_to_end,
                credentials.tls_client(tls::ChannelKind::end_to_end, true, route.require_hybrid));
  LOUVER_ASSIGN(made->channels_.middlebox,
                credentials.tls_client(tls::ChannelKind::client_side, false, route.require_hybrid));
  return std::shared_ptr<const RouteRules>{std::move(made)};
}

Result<> RouteRules::make_offer(std::uint32_t max_record, const std::set<std::string>& withdrawn) {
  std::vector<config::GrantMatrix::Context> contexts;
  std::uint8_t id = 1;
  const auto add = [&](std::string_view name, std::uint8_t directions) {
    contexts.push_back({std::string{name}, {(directions & 1) != 0, (directions & 2) != 0}});
    offer_.contexts.push_back({id, directions, wire::Opaque<1, 255>{name}});
    return ContextId{id++};
  };
  for (const session::ContextTraits& context : profile_->contexts) add(context.name, context.directions);
  if (!route_.contexts.empty() && route_.profile != config::Profile::http_1)
    return Error{Fault::configuration, route_.place + ": only http/1 has fields that can be lifted out of messages"};
  if (route_.trailers && route_.profile != config::Profile::http_1)
    return Error{Fault::configuration, route_.place + ": only http/1 has trailers"};
  if (route_.trailers) {
    const auto& [request, response] = profile::http1::trailer_contexts;
    trailers_ = profile::http1::TrailerIds{.request = add(request.name, request.directions),
                                           .response = add(response.name, response.directions)};
  }
  LOUVER_ASSIGN(fields_, make_field_contexts(route_.contexts, id));
  for (const config::FieldContext& context : route_.contexts) add(context.name, directions_of(context));
  LOUVER_ASSIGN(const config::GrantMatrix matrix, config::offer(route_, contexts));
  for (std::size_t m = 0; m < route_.middleboxes.size(); ++m) {
    const config::RouteMiddlebox& middlebox = route_.middleboxes[m];
    const bool nothing = withdrawn.contains(middlebox.name);
    offer_.route.push_back({wire::Opaque<1, 255>{std::string_view{middlebox.name}}, middlebox.port});
    auto& row = offer_.grants.emplace_back();
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      row.push_back({nothing ? session::Grant::none : matrix.at(m, c, Direction::c2s),
                     nothing ? session::Grant::none : matrix.at(m, c, Direction::s2c)});
    }
  }
  offer_.route.push_back({wire::Opaque<1, 255>{std::string_view{route_.server}}, route_.port});
  for (crypto::SuiteId suite : route_.suites) offer_.suites.push_back(static_cast<std::uint16_t>(suite));
  offer_.max_record = route_.max_record.value_or(max_record);
  offer_.profile = std::string{profile_->name};
  return offer_audits();
}

Result<> RouteRules::offer_audits() {
  for (const wire::Context& context : offer_.contexts) {
    if (config::is_audited(route_.audit, as_text(context.name.bytes))) offer_.audit.push_back(context.id);
  }
  for (const std::string& wanted : route_.audit) {
    const auto is_it = [&](const wire::Context& one) { return one.name.text() == wanted; };
    if (wanted != config::audit_all && std::ranges::none_of(offer_.contexts, is_it)) {
      return Error{Fault::configuration,
                   route_.place + ": \"audit\" names the context \"" + wanted + "\", which the profile has not"};
    }
  }
  return {};
}

Result<std::shared_ptr<const RouteRules>> RouteRules::with_announced(const wire::Announce& announce) const {
  if (withdrawn_.contains(announce.party.name.text()))
    return Error{Fault::announced, announce.party.name.text() + " is withdrawn"};
  LOUVER_ASSIGN(const config::Route extended, config::admit_announced(route_, announce));
  return make(extended, credentials_, max_record_, withdrawn_);
}

Result<> RouteRules::approve(const session::Terms& terms) const {
  for (const session::ContextInfo& context : terms.contexts()) {
    if (route_.require_audit && config::is_audited(route_.audit, context.name) && !terms.audited(context.id))
      return Error{Fault::grant_refused, context.name + ": the server does not audit it, and the route wants it"};
  }
  return config::check_accepted(route_, config::matrix_of(terms));
}

/// The parties and, for each, at most what is offered now.
Result<> RouteRules::check_grants(const session::Terms& terms) const {
  const config::GrantMatrix agreed = config::matrix_of(terms);
  const std::size_t parties = offer_.route.size();
  bool same_parties = terms.middleboxes() + 1 == parties;
  for (std::size_t i = 0; same_parties && i < parties; ++i) {
    const PartyIndex party{static_cast<std::uint8_t>(i + 1)};
    same_parties = terms.name(party) == offer_.route[i].name.text() && terms.port(party) == offer_.route[i].port;
  }
  if (!same_parties) return Error{Fault::revoked, "the route has other parties now"};
  if (agreed.contexts.size() != offer_.contexts.size() || terms.profile() != offer_.profile)
    return Error{Fault::revoked, "the route has another profile now"};
  for (std::size_t c = 0; c < agreed.contexts.size(); ++c) {
    if (agreed.contexts[c].name != offer_.contexts[c].name.text())
      return Error{Fault::revoked, "the route has other contexts now"};
  }
  for (std::size_t m = 0; m < agreed.middleboxes.size(); ++m) {
    for (std::size_t c = 0; c < agreed.contexts.size(); ++c) {
      for (Direction d : both_directions) {
        if (agreed.at(m, c, d) > offer_.grants[m][c][slot(d)])
          return Error{Fault::revoked, agreed.middleboxes[m] + " has a grant that is no longer offered"};
      }
    }
  }
  return {};
}

Result<> RouteRules::allows(const session::AssociationRecord& record) const {
  if (!refused_.empty()) return Error{Fault::revoked, refused_};
  LOUVER_TRY(check_grants(record.terms()));
  if (const auto enough = approve(record.terms()); !enough) return Error{Fault::revoked, enough.error().detail};
  const auto suite = static_cast<std::uint16_t>(record.terms().suite().id);
  if (std::ranges::find(offer_.suites, suite) == offer_.suites.end())
    return Error{Fault::revoked, "its suite is no longer offered"};
  return check_anchors(*credentials_.trust, record);
}

bool RouteRules::same_as(const RouteRules& other) const {
  const auto digest_of = [](const Credentials& one) {
    return one.identity == nullptr ? tls::Digest{} : one.identity->leaf_hash();
  };
  const auto same_context = [](const wire::Context& a, const wire::Context& b) { return a == b; };
  const auto same_middlebox = [](const config::RouteMiddlebox& a, const config::RouteMiddlebox& b) {
    return a.minimum == b.minimum;
  };
  const auto same_listing = [](const config::RouteMiddlebox& a, const config::RouteMiddlebox& b) {
    return a.name == b.name && a.port == b.port && a.grants == b.grants && a.minimum == b.minimum;
  };
  return first_party_ == other.first_party_ && refused_ == other.refused_ && offer_.route == other.offer_.route &&
         std::ranges::equal(offer_.contexts, other.offer_.contexts, same_context) && fields_ == other.fields_ &&
         offer_.grants == other.offer_.grants && offer_.suites == other.offer_.suites &&
         offer_.max_record == other.offer_.max_record && offer_.profile == other.offer_.profile &&
         offer_.audit == other.offer_.audit && route_.require_audit == other.route_.require_audit &&
         std::ranges::equal(route_.middleboxes, other.route_.middleboxes, same_middlebox) &&
         std::ranges::equal(route_.discover, other.route_.discover, same_listing) &&
         route_.bind_target == other.route_.bind_target && route_.require_hybrid == other.route_.require_hybrid &&
         route_.renew == other.route_.renew && digest_of(credentials_) == digest_of(other.credentials_) &&
         credentials_.trust->same_as(*other.credentials_.trust);
}

}  // namespace louver::role
