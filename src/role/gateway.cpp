#include "role/gateway.h"

#include <nlohmann/json.hpp>

#include "config/fixed.h"
#include "profile/registry.h"
#include "role/origin_door.h"
#include "role/read_anew.h"
#include "role/tcp_end.h"
#include "wire/join.h"

namespace louver::role {
Result<std::unique_ptr<Gateway>> Gateway::make(config::Gateway config, observe::Log& log) {
  LOUVER_ASSIGN(Credentials credentials, load_credentials(config));
  LOUVER_ASSIGN(OriginTls tls, OriginTls::load(config));
  LOUVER_ASSIGN(auto rules, GatewayRules::make(std::move(config), std::move(credentials), std::move(tls), {}, 0));
  return std::unique_ptr<Gateway>{new Gateway{std::move(rules), log}};
}

Result<Credentials> Gateway::load_credentials(const config::Gateway& config) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  LOUVER_TRY(credentials.check_own(tls::Role::server, config.name, config.common.certificate->place));
  return credentials;
}

Gateway::Gateway(std::shared_ptr<GatewayRules> rules, observe::Log& log)
    : rules_(std::move(rules)), process_(rules_.get()->config().common, log), station_(process_.station()) {}

Result<> Gateway::open() {
  LOUVER_TRY(station_.open_audit(rules_.get()->config().audit));
  LOUVER_ASSIGN(port_, process_.listen(rules_.get()->config().listen, "louver",
                                       [this](Household& household, runtime::Socket socket) {
                                         Doorway::open(household, std::move(socket), station_, *this);
                                       }));
  return process_.manage(*this);
}

Result<Manageable::Apply> Gateway::prepare(const Change& change) const {
  const auto now = rules_.get();
  config::Gateway config = now->config();
  Credentials credentials = now->credentials();
  OriginTls tls = now->tls();
  std::vector<std::string> kept;
  if (change.read_anew) {
    LOUVER_ASSIGN(config, read_anew<config::Gateway>(now->config().common.file));
    kept = config::keep_fixed(now->config(), config);
    LOUVER_ASSIGN(credentials, load_credentials(config));
    LOUVER_ASSIGN(tls, OriginTls::load(config));
  }
  LOUVER_ASSIGN(auto rules, GatewayRules::make(std::move(config), std::move(credentials), std::move(tls),
                                               change.withdrawn, change.edition));
  auto* self = const_cast<Gateway*>(this);  // the role is changed only by what is returned
  return Apply{[self, rules, kept, drain = change.drain] {
    self->rules_.set(rules);
    self->process_.on_every_loop([drain](Household& household) { household.reconsider({drain, false}); });
    return kept;
  }};
}

void Gateway::renew() {
  process_.on_every_loop([](Household& household) { household.reconsider({{}, true}); });
}

void Gateway::add_status(nlohmann::ordered_json& status) const {
  const auto rules = rules_.get();
  status["role"] = "gateway";
  status["name"] = rules->config().name;
  auto approved = nlohmann::ordered_json::array();
  for (const config::Approval& approval : rules->config().middleboxes) {
    if (!approval.refuse) approved.push_back(approval.name);
  }
  status["approved"] = std::move(approved);
  status["clients"] = rules->config().policy.clients;
}

void Gateway::on_association(Household& household, SidedLinkPtr link, const Unproved& unproved) {
  auto seat = AssociationSeat::take(station_, link->link().remote_address().ip);
  if (!seat) return turn_away(station_, std::move(link), seat.error());
  unproved.proved();  // it is counted among the agreements under way from here on
  const std::shared_ptr<GatewayRules> rules = rules_.get();
  session::ServerAssociation::Options options;
  options.name = rules->config().name;
  options.handshake_deadline = station_.limits.handshake_deadline;
  options.answer_after_finished = rules->config().policy.answer_after_finished;
  auto engine = std::make_unique<session::ServerAssociation>(options, rules->channels(), *rules, station_.random);
  auto self = std::make_shared<std::weak_ptr<AssociationLink>>();
  const std::string peer = link->link().remote_address().to_string();
  station_.counters.add(observe::Counter::associations_started);
  AssociationLink::Callbacks callbacks;
  callbacks.keep = rules;
  callbacks.allowed = [this](const session::AssociationRecord& record) { return check_against(*rules_.get(), record); };
  callbacks.on_record = [this, self] {
    if (const auto association = self->lock()) {
      const auto added = station_.associations.add(association->record());
      if (!added) association->abort();
    }
  };
  callbacks.on_open = [this, self, held = *std::move(seat)]() mutable {
    held.handshake.reset();  // the source's place is held until the association has gone
    if (const auto association = self->lock()) on_open(association);
  };
  callbacks.on_over = [this, self, peer](const Error& error) {
    const auto association = self->lock();
    if (association != nullptr && association->record() != nullptr)
      station_.associations.remove(*association->record());
    if (error.fault == Fault::closed) return;
    station_.log.write(observe::Level::warn, observe::Event::association_fail,
                       {{"peer", peer},
                        {"alert", alert_text(error, association == nullptr ? std::nullopt : association->reported())},
                        {"fault", describe(error)}});
  };
  *self = AssociationLink::prepare(household, std::move(link), Side::client, station_, std::move(engine),
                                   std::move(callbacks));
  self->lock()->start({});
}

/// "A server closes by itself an association that is older than 15 minutes (policy)."
void Gateway::on_open(const std::shared_ptr<AssociationLink>& association) {
  const session::AssociationRecord& record = *association->record();
  station_.log.write(observe::Level::info, observe::Event::association_open,
                     {{"association", to_hex(record.id()).substr(0, 8)},
                      {"middleboxes", static_cast<std::int64_t>(record.terms().middleboxes())}});
  association->close_after(rules_.get()->config().policy.lifetime);
}

void Gateway::on_session(Household& household, SidedLinkPtr link, Unproved unproved) {
  if (station_.draining) return turn_away(station_, std::move(link), Error{Fault::revoked, "the process ends"});
  JoinEntry::open(household, std::move(link), station_, std::move(unproved),
                  [this](Household& home, SidedLinkPtr& joined, std::shared_ptr<session::AssociationRecord> record,
                         MutableBytes frame) { return admit(home, joined, std::move(record), frame); });
}

Result<> Gateway::admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                        MutableBytes frame) {
  const auto rules = rules_.get();
  if (record->edition() != rules->edition()) LOUVER_TRY(check_against(*rules, *record));
  LOUVER_ASSIGN(auto counted, session_seat(station_, *record));
  const session::ProfileTraits* profile = profile::find_profile(record->terms().profile());
  if (profile == nullptr) return Error{Fault::internal_error, "a profile that the policy let through is not there"};
  const wire::Join join = *wire::decode<wire::Join>(Bytes{frame}.subspan(wire::header_octets));
  std::unique_ptr<session::EndpointSession> engine;
  LOUVER_TRY(
      record->take_join(frame, runtime::now(), runtime::wall_now(), [&](const session::KeySource& keys) -> Result<> {
        if (const auto kept = keep_audit_secrets(station_, keys, *record); !kept) return kept.error();
        LOUVER_ASSIGN(engine,
                      session::EndpointSession::make(keys, *profile, station_.limits.idle_deadline, runtime::now()));
        return {};
      }));
  auto session = SessionLink::take(household, std::move(link), station_, std::move(record), SessionNumber{join.session},
                                   std::move(engine));
  if (profile->name == config::name_of(config::Profile::http_1)) {
    OriginHttp::start(household, station_, {rules, &rules->http()}, std::move(session), std::move(counted));
    return {};
  }
  const config::Origin* origin = rules->config().stream_origin();
  if (origin == nullptr) return Error{Fault::blocked_by_policy, "the profile is no longer served here"};
  Buffer greeting = proxy_header_for(*origin, *session, rules->config().policy.tell_parties);
  TcpEnd::for_origin(household, station_, *origin, {rules->tls().of(rules->config(), *origin), std::move(greeting)},
                     std::move(session), std::move(counted));
  return {};
}

}  // namespace louver::role
