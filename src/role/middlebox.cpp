#include "role/middlebox.h"

#include <nlohmann/json.hpp>

#include "config/fixed.h"
#include "profile/registry.h"
#include "role/middlebox_session_link.h"
#include "role/read_anew.h"
#include "wire/join.h"

namespace louver::role {

Result<std::unique_ptr<Middlebox>> Middlebox::make(config::Middlebox config, observe::Log& log, MiddleboxHooks hooks) {
  LOUVER_ASSIGN(Credentials credentials, load_credentials(config));
  LOUVER_ASSIGN(auto rules, MiddleboxRules::make(std::move(config), std::move(credentials), {}, 0, log));
  return std::unique_ptr<Middlebox>{new Middlebox{std::move(rules), log, std::move(hooks)}};
}

Result<Credentials> Middlebox::load_credentials(const config::Middlebox& config) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  LOUVER_TRY(credentials.check_own(tls::Role::middlebox, config.name, config.common.certificate->place));
  return credentials;
}

Middlebox::Middlebox(std::shared_ptr<MiddleboxRules> rules, observe::Log& log, MiddleboxHooks hooks)
    : rules_(std::move(rules)),
      hooks_(std::move(hooks)),
      process_(rules_.get()->config().common, log),
      station_(process_.station()) {}

Result<> Middlebox::open() {
  LOUVER_ASSIGN(port_, process_.listen(rules_.get()->config().listen, "louver",
                                       [this](Household& household, runtime::Socket socket) {
                                         Doorway::open(household, std::move(socket), station_, *this);
                                       }));
  LOUVER_TRY(rules_.get()->open());
  rules_.get()->enter();
  return process_.manage(*this);
}

Result<Manageable::Apply> Middlebox::prepare(const Change& change) const {
  const auto now = rules_.get();
  config::Middlebox config = now->config();
  Credentials credentials = now->credentials();
  std::vector<std::string> kept;
  if (change.read_anew) {
    LOUVER_ASSIGN(config, read_anew<config::Middlebox>(now->config().common.file));
    kept = config::keep_fixed(now->config(), config);
    LOUVER_ASSIGN(credentials, load_credentials(config));
  }
  LOUVER_ASSIGN(auto rules, MiddleboxRules::make(std::move(config), std::move(credentials), change.withdrawn,
                                                 change.edition, station_.log));
  LOUVER_TRY(rules->open());
  auto* self = const_cast<Middlebox*>(this);  // the role is changed only by what is returned
  return Apply{[self, rules, kept, drain = change.drain] {
    const auto old = self->rules_.get();
    self->rules_.set(rules);
    rules->enter();
    old->leave();
    self->process_.on_every_loop([drain](Household& household) { household.reconsider({drain, false}); });
    return kept;
  }};
}

void Middlebox::renew() {
  process_.on_every_loop([](Household& household) { household.reconsider({{}, true}); });
}

void Middlebox::add_status(nlohmann::ordered_json& status) const {
  const auto rules = rules_.get();
  status["role"] = "middlebox";
  status["name"] = rules->config().name;
  auto next = nlohmann::ordered_json::array();
  for (const config::Next& one : rules->config().next) next.push_back(one.name);
  status["next"] = std::move(next);
  status["servers"] = rules->config().policy.servers;
}

void Middlebox::on_association(Household& household, SidedLinkPtr link, const Unproved& unproved) {
  auto seat = AssociationSeat::take(station_, link->link().remote_address().ip);
  if (!seat) return turn_away(station_, std::move(link), seat.error());
  unproved.proved();  // it is counted among the agreements under way from here on
  const std::shared_ptr<MiddleboxRules> rules = rules_.get();
  auto engine = std::make_unique<session::MiddleboxAssociation>(rules->engine_options(), *rules, station_.random);
  station_.counters.add(observe::Counter::associations_started);
  MiddleboxAssociationLink::Callbacks callbacks;
  callbacks.find_next = [rules](const wire::Party& party) {
    auto found = rules->find_next(as_text(party.name.bytes), party.port);
    if (found) found->second.hold_failures = rules->config().policy.hold_failures;
    return found;
  };
  callbacks.allowed = [this](const session::AssociationRecord& record) { return check_against(*rules_.get(), record); };
  MiddleboxAssociationLink::start(household, std::move(link), station_, std::move(engine), std::move(callbacks),
                                  *std::move(seat));
}

void Middlebox::on_session(Household& household, SidedLinkPtr link, Unproved unproved) {
  if (station_.draining) return turn_away(station_, std::move(link), Error{Fault::revoked, "the process ends"});
  JoinEntry::open(household, std::move(link), station_, std::move(unproved),
                  [this](Household& home, SidedLinkPtr& joined, std::shared_ptr<session::AssociationRecord> record,
                         MutableBytes frame) { return admit(home, joined, std::move(record), frame); });
}

Result<> Middlebox::admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                          MutableBytes frame) {
  const auto rules = rules_.get();
  if (record->edition() != rules->edition()) LOUVER_TRY(check_against(*rules, *record));
  MiddleboxSessionLink::Parts parts;
  LOUVER_ASSIGN(parts.counted, session_seat(station_, *record));
  const session::Terms& terms = record->terms();
  const session::ProfileTraits* profile = profile::find_profile(terms.profile());
  if (profile == nullptr) return Error{Fault::internal_error, "a profile that the policy let through is not there"};
  const wire::Join join = *wire::decode<wire::Join>(Bytes{frame}.subspan(wire::header_octets));
  parts.number = SessionNumber{join.session};
  LOUVER_TRY(
      record->take_join(frame, runtime::now(), runtime::wall_now(), [&](const session::KeySource& keys) -> Result<> {
        if (hooks_.make_relay) {
          LOUVER_ASSIGN(parts.relay, hooks_.make_relay(keys, *profile, station_.limits.idle_deadline));
        } else {
          LOUVER_ASSIGN(parts.relay,
                        session::RelaySession::make(keys, *profile, station_.limits.idle_deadline, runtime::now()));
        }
        return {};
      }));
  parts.recall = std::make_shared<SessionRecall>(household.loop().handle());
  LOUVER_ASSIGN(parts.filters, rules->filters_for(*record, parts.number, parts.recall));
  const PartyIndex next{static_cast<std::uint8_t>(raw(record->self()) + 1)};
  LOUVER_ASSIGN(const auto where, rules->find_next(terms.name(next), terms.port(next)));
  parts.next = hooks_.next_of_session ? hooks_.next_of_session(frame, where.first) : where.first;
  parts.connect = where.second;
  parts.join = to_buffer(frame);
  parts.record = std::move(record);
  MiddleboxSessionLink::start(household, std::move(link), station_, std::move(parts));
  return {};
}

}  // namespace louver::role
