#include "role/middlebox.h"

#include "base/version.h"
#include "config/discovery.h"
#include "filter/edit/edit_filter.h"
#include "filter/log/log_filter.h"
#include "filter/needs.h"
#include "filter/scan/scan_filter.h"
#include "profile/registry.h"
#include "role/middlebox_session_link.h"
#include "wire/join.h"

namespace louver::role {
namespace {

using FactoryResult = Result<std::shared_ptr<const filter::FilterFactory>>;

FactoryResult make_filter(const config::LogFilter& options, const std::vector<std::string>& contexts,
                          observe::Log& log) {
  filter::log::LogOptions made;
  made.contexts = contexts;
  made.payload = options.payload;
  made.sample = options.sample;
  made.write = [&log](const filter::log::LogRecord& record) {
    log.write(observe::Level::info, observe::Event::message,
              {{"session", std::string{record.session}},
               {"exchange", static_cast<std::int64_t>(raw(record.exchange))},
               {"context", std::string{record.context}},
               {"direction", std::string{name_of(record.direction)}},
               {"octets", static_cast<std::int64_t>(record.octets)},
               {"redacted_octets", static_cast<std::int64_t>(record.redacted_octets)},
               {"complete", record.complete},
               {"excerpt", record.excerpt.value_or("")}});
  };
  return filter::log::make_log(std::move(made));
}

FactoryResult make_filter(const config::EditFilter& options, const std::vector<std::string>& contexts, observe::Log&) {
  filter::edit::EditOptions made;
  made.contexts = contexts;
  made.remove = options.remove;
  for (const config::HeaderField& field : options.set) made.set.push_back({field.name, field.value});
  for (const config::HeaderField& field : options.add) made.add.push_back({field.name, field.value});
  for (const config::PathRewrite& rewrite : options.rewrite_path)
    made.rewrite_path.push_back({rewrite.from, rewrite.to});
  return filter::edit::make_edit(std::move(made));
}

FactoryResult make_filter(const config::ScanFilter& options, const std::vector<std::string>& contexts,
                          observe::Log& log) {
  filter::scan::ScanOptions made;
  made.contexts = contexts;
  for (const config::ScanRule& rule : options.rules) made.rules.push_back({rule.name, rule.pattern});
  switch (options.on_match) {
    case config::ScanFilter::OnMatch::log:
      made.on_match = filter::scan::ScanOptions::OnMatch::note;
      break;
    case config::ScanFilter::OnMatch::block:
      made.on_match = filter::scan::ScanOptions::OnMatch::block;
      break;
    case config::ScanFilter::OnMatch::redact:
      made.on_match = filter::scan::ScanOptions::OnMatch::redact;
      break;
  }
  made.pass_coded = options.pass_coded;
  made.write = [&log](const filter::scan::Finding& finding) {
    log.write(observe::Level::info, observe::Event::filter_matched,
              {{"session", std::string{finding.session}},
               {"exchange", static_cast<std::int64_t>(raw(finding.exchange))},
               {"context", std::string{finding.context}},
               {"direction", std::string{name_of(finding.direction)}},
               {"rule", std::string{finding.rule}}});
  };
  return filter::scan::make_scan(std::move(made));
}

}  // namespace

std::string_view software_name() { return "louver/" LOUVER_VERSION; }

Result<std::unique_ptr<Middlebox>> Middlebox::make(config::Middlebox config, observe::Log& log, MiddleboxHooks hooks) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  LOUVER_TRY(credentials.check_own(tls::Role::middlebox, config.name, config.common.certificate->place));
  std::unique_ptr<Middlebox> made{new Middlebox{std::move(config), std::move(credentials), log, std::move(hooks)}};
  LOUVER_TRY(made->set_up());
  return made;
}

Middlebox::Middlebox(config::Middlebox config, Credentials credentials, observe::Log& log, MiddleboxHooks hooks)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      hooks_(std::move(hooks)),
      process_(config_.common, log),
      station_(process_.station()),
      log_(log) {}

Result<> Middlebox::set_up() {
  LOUVER_TRY(make_filters());
  LOUVER_ASSIGN(client_side_, credentials_.tls_server(tls::ChannelKind::client_side));
  LOUVER_ASSIGN(server_side_, credentials_.tls_client(tls::ChannelKind::server_side, true));
  return {};
}

Result<> Middlebox::open() {
  LOUVER_ASSIGN(port_, process_.listen(config_.listen, "louver", [this](Household& household, runtime::Socket socket) {
    Doorway::open(household, std::move(socket), station_, *this);
  }));
  return {};
}

Result<> Middlebox::make_filters() {
  for (const config::Filter& one : config_.filters) {
    auto made = std::visit([&](const auto& options) { return make_filter(options, one.contexts, log_); }, one.options);
    if (!made) return Error{Fault::configuration, one.place + ": " + made.error().detail};
    factories_.push_back(*std::move(made));
  }
  for (const std::string& idle : filter::filters_that_never_act(factories_, profile::profiles())) {
    log_.write(observe::Level::warn, observe::Event::config_warning, {{"what", idle}});
  }
  return {};
}

wire::Describe Middlebox::describe_self() const {
  wire::Describe describe;
  describe.operator_name = wire::Opaque<0, 255>{std::string_view{config_.describe.operator_name}};
  describe.purpose = wire::Opaque<0, 1023>{std::string_view{config_.describe.purpose}};
  describe.software =
      wire::Opaque<0, 255>{std::string_view{config_.describe.software ? *config_.describe.software : software_name()}};
  describe.contact = wire::Opaque<0, 255>{std::string_view{config_.describe.contact}};
  return describe;
}

void Middlebox::on_association(Household& household, SidedLinkPtr link) {
  auto seat = AssociationSeat::take(station_, link->link().remote_address().ip);
  if (!seat) return turn_away(station_, std::move(link), seat.error());
  session::MiddleboxAssociation::Options options;
  options.client_side = client_side_;
  options.server_side = server_side_;
  options.describe = describe_self();
  options.handshake_deadline = station_.limits.handshake_deadline;
  auto engine = std::make_unique<session::MiddleboxAssociation>(std::move(options), *this, station_.random);
  MiddleboxAssociationLink::start(
      household, std::move(link), station_, std::move(engine),
      [this](const wire::Party& party) {
        auto found = find_next(as_text(party.name.bytes), party.port);
        if (found) found->second.hold_failures = config_.policy.hold_failures;
        return found;
      },
      *std::move(seat));
}

void Middlebox::on_session(Household& household, SidedLinkPtr link) {
  if (station_.draining) return turn_away(station_, std::move(link), Error{Fault::revoked, "the process ends"});
  JoinEntry::open(household, std::move(link), station_,
                  [this](Household& home, SidedLinkPtr& joined, std::shared_ptr<session::AssociationRecord> record,
                         MutableBytes frame) { return admit(home, joined, std::move(record), frame); });
}

Result<> Middlebox::admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                          MutableBytes frame) {
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
  LOUVER_ASSIGN(parts.filters, filters_for(*record, parts.number));
  const PartyIndex next{static_cast<std::uint8_t>(raw(record->self()) + 1)};
  LOUVER_ASSIGN(const auto where, find_next(terms.name(next), terms.port(next)));
  parts.next = hooks_.next_of_session ? hooks_.next_of_session(frame, where.first) : where.first;
  parts.connect = where.second;
  parts.join = to_buffer(frame);
  parts.record = std::move(record);
  MiddleboxSessionLink::start(household, std::move(link), station_, std::move(parts));
  return {};
}

Result<std::unique_ptr<SessionFilters>> Middlebox::filters_for(const session::AssociationRecord& record,
                                                               SessionNumber number) {
  filter::SessionInfo info;
  info.id = filter::session_id_text(record.id(), number);
  info.self = record.self();
  info.terms = &record.terms();
  const std::string session_name = info.id;
  LOUVER_ASSIGN(std::unique_ptr<filter::Chain> chain, filter::Chain::make(factories_, std::move(info)));
  for (const filter::MissingGrant& missing : chain->missing()) {
    if (config_.policy.on_missing_grant == config::MiddleboxPolicy::OnMissingGrant::end)
      return Error{Fault::grant_refused, filter::describe(missing)};
    log_.write(observe::Level::warn, observe::Event::filter_missing_grant,
               {{"session", session_name}, {"what", filter::describe(missing)}});
  }
  return std::make_unique<SessionFilters>(std::move(chain));
}

Result<PartyIndex> Middlebox::place(const wire::Hello& hello) {
  const auto& route = hello.route.items;
  for (std::size_t i = 0; i < hello.middleboxes(); ++i) {
    if (route[i].name.text() != config_.name) continue;
    LOUVER_TRY(find_next(as_text(route[i + 1].name.bytes), route[i + 1].port));
    const std::string server = route.back().name.text();
    const auto& servers = config_.policy.servers;
    if (!servers.empty() && std::ranges::find(servers, server) == servers.end()) {
      return Error{Fault::next_hop_refused, "paths to " + server + " are not taken part in"};
    }
    return PartyIndex{static_cast<std::uint8_t>(i + 1)};
  }
  return Error{Fault::not_in_route, config_.name + " is not in the route"};
}

std::optional<wire::Announce> Middlebox::announce(const wire::Hello& hello) {
  return config::announcement_for(config_, hello, describe_self());
}

/// Before Ready: the terms must be ones that this middlebox can serve.
Result<> Middlebox::approve(const session::Terms& terms, PartyIndex self) {
  if (profile::find_profile(terms.profile()) == nullptr)
    return Error{Fault::blocked_by_policy, "profile \"" + printable(terms.profile(), 32) + "\" is unknown here"};
  if (terms.max_record() > station_.limits.max_record) {
    return Error{Fault::limit_exceeded, "records of " + std::to_string(terms.max_record()) + " octets; at most " +
                                            std::to_string(station_.limits.max_record)};
  }
  if (config_.policy.on_missing_grant != config::MiddleboxPolicy::OnMissingGrant::end) return {};
  filter::SessionInfo info;
  info.self = self;
  info.terms = &terms;
  LOUVER_ASSIGN(const std::unique_ptr<filter::Chain> chain, filter::Chain::make(factories_, std::move(info)));
  if (!chain->missing().empty()) return Error{Fault::grant_refused, filter::describe(chain->missing().front())};
  return {};
}

Result<std::pair<runtime::Endpoint, runtime::ConnectOptions>> Middlebox::find_next(std::string_view name,
                                                                                   std::uint16_t port) const {
  const config::Next* next = config_.find_next(name, port);
  if (next == nullptr) {
    return Error{Fault::next_hop_refused, "no [[next]] with name \"" + printable(name, 128) + "\" and port " +
                                              std::to_string(port) + " is configured"};
  }
  if (next->connect) {
    LOUVER_ASSIGN(runtime::Endpoint where, runtime::Endpoint::make(next->connect->address, next->connect->port));
    return std::pair{std::move(where), runtime::ConnectOptions{.allow_private = true}};
  }
  LOUVER_ASSIGN(runtime::Endpoint where, runtime::Endpoint::make(next->name, next->port));
  return std::pair{std::move(where), runtime::ConnectOptions{.allow_private = next->allow_private}};
}

}  // namespace louver::role
