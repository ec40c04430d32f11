#include "role/gateway_rules.h"

#include "profile/registry.h"
#include "role/contexts.h"
#include "role/field_contexts.h"

namespace louver::role {
namespace {

std::optional<config::Profile> profile_of(std::string_view name) {
  for (config::Profile profile : {config::Profile::http_1, config::Profile::stream_1}) {
    if (config::name_of(profile) == name) return profile;
  }
  return std::nullopt;
}

/// The grants in the order of the Hello's contexts, as an Accept carries them.
wire::Opaque<0, 65535> grants_in_hello_order(const wire::Hello& hello, const config::GrantMatrix& matrix) {
  wire::Opaque<0, 65535> out;
  for (std::size_t m = 0; m < matrix.middleboxes.size(); ++m) {
    for (const wire::Context& context : hello.contexts.items) {
      const auto found = std::ranges::find(matrix.contexts, context.name.text(), &config::GrantMatrix::Context::name);
      const auto column = static_cast<std::size_t>(found - matrix.contexts.begin());
      const auto c2s = static_cast<unsigned>(matrix.at(m, column, Direction::c2s));
      const auto s2c = static_cast<unsigned>(matrix.at(m, column, Direction::s2c));
      out.bytes.push_back(static_cast<std::byte>(c2s | s2c << 4));
    }
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<GatewayRules>> GatewayRules::draft(config::Gateway config, Credentials credentials,
                                                          OriginTls tls, std::set<std::string> withdrawn,
                                                          std::uint64_t edition) {
  LOUVER_ASSIGN(profile::http1::FieldContexts fields, make_field_contexts(config.contexts, 0));
  std::shared_ptr<GatewayRules> made{
      new GatewayRules{std::move(config), std::move(credentials), std::move(tls), std::move(withdrawn), edition}};
  made->http_.plan.fields = std::move(fields);
  return made;
}

Result<std::shared_ptr<GatewayRules>> GatewayRules::on_paper(config::Gateway config) {
  return draft(std::move(config), {}, {}, {}, 0);
}

Result<std::shared_ptr<GatewayRules>> GatewayRules::make(config::Gateway config, Credentials credentials, OriginTls tls,
                                                         std::set<std::string> withdrawn, std::uint64_t edition) {
  if (!config.policy.audit.empty() && !config.audit.log)
    return Error{Fault::configuration, "policy.audit: the process was started without [audit]; restart it"};
  LOUVER_ASSIGN(auto made,
                draft(std::move(config), std::move(credentials), std::move(tls), std::move(withdrawn), edition));
  LOUVER_ASSIGN(
      made->channels_.end_to_end,
      made->credentials_.tls_server(tls::ChannelKind::end_to_end, made->config_.policy.require_client_certificate));
  LOUVER_ASSIGN(made->channels_.middlebox, made->credentials_.tls_server(tls::ChannelKind::server_side));
  return made;
}

GatewayRules::GatewayRules(config::Gateway config, Credentials credentials, OriginTls tls,
                           std::set<std::string> withdrawn, std::uint64_t edition)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      tls_(std::move(tls)),
      withdrawn_(std::move(withdrawn)),
      edition_(edition),
      http_{config_, tls_, {.bind_target = config_.policy.require_bound_target}, {}} {}

Result<config::GrantMatrix> GatewayRules::decide(const session::Terms& offered) const {
  const auto profile = profile_of(offered.profile());
  const session::ProfileTraits* traits = profile::find_profile(offered.profile());
  if (!profile || traits == nullptr || !config_.serves(*profile)) {
    return Error{Fault::blocked_by_policy, "profile \"" + printable(offered.profile(), 32) + "\" is not served here"};
  }
  const profile::http1::FieldContexts none;
  const bool is_http = *profile == config::Profile::http_1;
  if (!has_contexts(offered, *traits, {is_http ? http_.plan.fields : none, is_http && config_.trailers}))
    return Error{Fault::blocked_by_policy, "the Hello has other contexts than its profile, `trailers` and [[context]]"};
  config::GrantMatrix matrix = config::matrix_of(offered);
  for (const std::string& name : matrix.middleboxes) {
    if (withdrawn_.contains(name)) return Error{Fault::grant_refused, name + ": its approval is withdrawn"};
  }
  return config::decide(config_, matrix);
}

/// What is audited of what the client offers.
/// @fault grant_refused: the policy wants more
Result<std::optional<std::vector<std::uint8_t>>> GatewayRules::audited(const session::Terms& offered) const {
  std::vector<std::uint8_t> out;
  for (const session::ContextInfo& context : offered.contexts()) {
    if (!config::is_audited(config_.policy.audit, context.name)) continue;
    if (offered.audited(context.id)) {
      out.push_back(raw(context.id));
    } else if (config_.policy.require_audit) {
      return Error{Fault::grant_refused, context.name + ": the policy wants an audit, and the client offers none"};
    }
  }
  if (out.empty()) return std::optional<std::vector<std::uint8_t>>{};
  return std::optional{std::move(out)};
}

Result<wire::Accept> GatewayRules::answer(const wire::Hello& hello, const session::Terms& offered) {
  LOUVER_ASSIGN(const config::GrantMatrix decided, decide(offered));
  wire::Accept accept;
  accept.suite = static_cast<std::uint16_t>(offered.suite().id);
  accept.grants = grants_in_hello_order(hello, decided);
  LOUVER_ASSIGN(wire::KnownExtensions known, wire::read_extensions(hello.extensions));
  LOUVER_ASSIGN(known.audit, audited(offered));
  if (known.max_record) known.max_record = std::min(*known.max_record, config_.common.limits.max_record);
  accept.extensions = wire::write_extensions(known);
  return accept;
}

Result<> GatewayRules::check_client(const session::PartyReport& client) const {
  if (config_.policy.require_client_certificate && client.name.empty())
    return Error{Fault::blocked_by_policy, "an anonymous client"};
  const auto& allowed = config_.policy.clients;
  if (!allowed.empty() && std::ranges::find(allowed, client.name) == allowed.end()) {
    return Error{Fault::blocked_by_policy, "client \"" + client.name + "\" is not among those let in"};
  }
  if (withdrawn_.contains(client.name))
    return Error{Fault::blocked_by_policy, "client \"" + client.name + "\" is withdrawn"};
  return {};
}

Result<> GatewayRules::approve(const session::Terms&, const std::vector<session::PartyReport>& parties) {
  return check_client(parties.front());
}

Result<> GatewayRules::allows(const session::AssociationRecord& record) const {
  const auto decided = decide(record.terms());
  if (!decided) return Error{Fault::revoked, decided.error().detail};
  if (*decided != config::matrix_of(record.terms()))
    return Error{Fault::revoked, "it has grants that are no longer given"};
  if (const auto audits = audited(record.terms()); !audits) return Error{Fault::revoked, audits.error().detail};
  if (const auto client = check_client(record.parties().front()); !client)
    return Error{Fault::revoked, client.error().detail};
  return check_anchors(*credentials_.trust, record);
}

}  // namespace louver::role
