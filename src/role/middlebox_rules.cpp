#include "role/middlebox_rules.h"

#include <filesystem>

#include "base/version.h"
#include "config/discovery.h"
#include "config/toml.h"
#include "filter/ask/ask_filter.h"
#include "filter/compress/compress_filter.h"
#include "filter/edit/edit_filter.h"
#include "filter/io/exec/worker_pool.h"
#include "filter/io/icap/icap_engine.h"
#include "filter/log/log_filter.h"
#include "filter/needs.h"
#include "filter/scan/rule_file.h"
#include "filter/scan/scan_filter.h"
#include "profile/http1/contexts.h"
#include "profile/registry.h"
#include "role/mirror_rules.h"
#include "role/secret_rules.h"
#include "role/validate_rules.h"

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

/// @fault configuration  with the file's name, and the line where there is one
Result<> add_rules_of(const std::string& file, std::vector<filter::scan::Rule>& out) {
  std::error_code trouble;
  if (!std::filesystem::is_regular_file(file, trouble)) return Error{Fault::configuration, file + ": is no file"};
  LOUVER_ASSIGN(const std::string text, config::read_file(file));
  if (text.size() > config::file_bytes_most) {
    return Error{Fault::configuration,
                 file + ": more than " + std::to_string(config::file_bytes_most) + " octets of rules"};
  }
  LOUVER_ASSIGN(std::vector<filter::scan::Rule> rules, filter::scan::parse_rules(text, file));
  if (rules.empty()) return Error{Fault::configuration, file + ": there is no rule in it"};
  std::ranges::move(rules, std::back_inserter(out));
  return {};
}

FactoryResult make_filter(const config::ScanFilter& options, const std::vector<std::string>& contexts,
                          observe::Log& log) {
  filter::scan::ScanOptions made;
  made.contexts = contexts;
  for (const config::ScanRule& rule : options.rules) made.rules.push_back({rule.name, rule.pattern});
  if (options.rules_file) LOUVER_TRY(add_rules_of(*options.rules_file, made.rules));
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
    case config::ScanFilter::OnMatch::replace:
      made.on_match = filter::scan::ScanOptions::OnMatch::replace;
      break;
  }
  made.fill = options.fill.front();
  made.pass_coded = options.pass_coded;
  made.pass_ranges = options.pass_ranges;
  made.bounds = {.octets_most = options.decoded_most, .ratio_most = options.ratio_most};
  made.write_unsearched = [&log](const filter::scan::Unsearched& one) {
    log.write(observe::Level::warn, observe::Event::filter_failed,
              {{"filter", "scan"},
               {"session", std::string{one.session}},
               {"exchange", static_cast<std::int64_t>(raw(one.exchange))},
               {"context", std::string{one.context}},
               {"direction", std::string{name_of(one.direction)}},
               {"what", "not searched: " + std::string{one.why}},
               {"passed", true}});
  };
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

FactoryResult make_filter(const config::CompressFilter& options, const std::vector<std::string>& contexts,
                          observe::Log&) {
  filter::compress::CompressOptions made;
  made.contexts = contexts;
  made.codings.clear();
  for (const config::CompressFilter::Coding one : options.codings) {
    made.codings.push_back(one == config::CompressFilter::Coding::br ? filter::coding::Coding::br
                                                                     : filter::coding::Coding::gzip);
  }
  made.least = options.least;
  made.allow_beside_secrets = options.allow_beside_secrets;
  return filter::compress::make_compress(std::move(made));
}

void log_worker(observe::Log& log, const filter::exec::PoolOptions::Note& note) {
  using Kind = filter::exec::PoolOptions::Note::Kind;
  // What a worker writes may hold what it was asked about: only who looks for it sees it.
  const observe::Level level = note.kind == Kind::failed ? observe::Level::warn
                               : note.kind == Kind::line ? observe::Level::debug
                                                         : observe::Level::info;
  const char* state = note.kind == Kind::failed ? "failed" : note.kind == Kind::line ? "says" : "started";
  log.write(level, observe::Event::filter_worker,
            {{"filter", "exec"}, {"pid", note.pid}, {"state", state}, {"what", std::string{note.text}}});
}

void log_failure(observe::Log& log, const filter::ask::Failure& failure) {
  log.write(observe::Level::warn, observe::Event::filter_failed,
            {{"filter", std::string{failure.filter}},
             {"session", std::string{failure.session}},
             {"exchange", static_cast<std::int64_t>(raw(failure.exchange))},
             {"context", std::string{failure.context}},
             {"direction", std::string{name_of(failure.direction)}},
             {"what", std::string{failure.what}},
             {"passed", failure.passed}});
}

session::Grant grant_of(config::ExecFilter::Access access) {
  switch (access) {
    case config::ExecFilter::Access::read:
      return session::Grant::read;
    case config::ExecFilter::Access::inspect:
      return session::Grant::inspect;
    case config::ExecFilter::Access::redact:
      return session::Grant::redact;
    case config::ExecFilter::Access::write:
      break;
  }
  return session::Grant::write;
}

FactoryResult make_filter(const config::ExecFilter& options, const std::vector<std::string>& contexts,
                          observe::Log& log) {
  using filter::ask::AskOptions;
  filter::exec::PoolOptions pool;
  pool.command = options.command;
  pool.environment = options.environment;
  pool.workers = options.workers;
  pool.answer_within = options.answer_within;
  pool.octets_most = options.message_most;
  pool.tell = [&log](const filter::exec::PoolOptions::Note& note) { log_worker(log, note); };
  AskOptions made;
  made.kind = "exec";
  made.contexts = contexts;
  made.access = grant_of(options.access);
  made.unit = options.unit == config::ExecFilter::Unit::piece ? AskOptions::Unit::piece : AskOptions::Unit::message;
  made.on_failure = options.on_failure == config::ExecFilter::OnFailure::pass ? AskOptions::OnFailure::pass
                                                                              : AskOptions::OnFailure::block;
  made.message_most = options.message_most;
  made.write = [&log](const filter::ask::Failure& failure) { log_failure(log, failure); };
  LOUVER_ASSIGN(made.engine, filter::exec::make_pool(std::move(pool)));
  return filter::ask::make_ask(std::move(made));
}

FactoryResult make_filter(const config::IcapFilter& options, const std::vector<std::string>& contexts,
                          observe::Log& log) {
  using filter::ask::AskOptions;
  LOUVER_ASSIGN(runtime::Endpoint server, runtime::Endpoint::make(options.url.server.address, options.url.server.port));
  const bool writes = options.access == config::IcapFilter::Access::write;
  filter::icap::ClientOptions client{.server = std::move(server),
                                     .reqmod = options.reqmod.value_or(options.url.service),
                                     .respmod = options.respmod.value_or(options.url.service)};
  client.connections = options.connections;
  client.connect_within = options.connect_within;
  client.answer_within = options.answer_within;
  if (options.message_most) client.message_most = *options.message_most;
  AskOptions made;
  made.kind = "icap";
  made.contexts = contexts;
  made.by_default = {"request-body", "response-body", "upstream", "downstream"};
  made.access = writes ? session::Grant::write : session::Grant::inspect;
  // What may not be changed goes on while it is scanned, but for its last record.
  made.unit = writes ? AskOptions::Unit::message : AskOptions::Unit::piece;
  made.on_failure = options.on_failure == config::IcapFilter::OnFailure::pass ? AskOptions::OnFailure::pass
                                                                              : AskOptions::OnFailure::block;
  if (writes && options.message_most) made.message_most = static_cast<std::size_t>(*options.message_most);
  made.with_heads = options.heads;
  made.write = [&log](const filter::ask::Failure& failure) { log_failure(log, failure); };
  LOUVER_ASSIGN(made.engine, filter::icap::make_icap(std::move(client)));
  return filter::ask::make_ask(std::move(made));
}

FactoryResult make_filter(const config::ValidateFilter& options, const std::vector<std::string>& contexts,
                          observe::Log&) {
  return make_validate_filter(options, contexts);
}

}  // namespace

std::string_view software_name() { return "louver/" LOUVER_VERSION; }

Result<std::shared_ptr<MiddleboxRules>> MiddleboxRules::make(config::Middlebox config, Credentials credentials,
                                                             std::set<std::string> withdrawn, std::uint64_t edition,
                                                             observe::Log& log) {
  std::shared_ptr<MiddleboxRules> made{
      new MiddleboxRules{std::move(config), std::move(credentials), std::move(withdrawn), edition, log}};
  LOUVER_TRY(made->make_filters(Outside::real));
  LOUVER_ASSIGN(made->client_side_, made->credentials_.tls_server(tls::ChannelKind::client_side));
  LOUVER_ASSIGN(made->server_side_, made->credentials_.tls_client(tls::ChannelKind::server_side, true));
  return made;
}

Result<std::shared_ptr<MiddleboxRules>> MiddleboxRules::on_paper(config::Middlebox config, observe::Log& log) {
  std::shared_ptr<MiddleboxRules> made{new MiddleboxRules{std::move(config), {}, {}, 0, log}};
  LOUVER_TRY(made->make_filters(Outside::none));
  return made;
}

MiddleboxRules::MiddleboxRules(config::Middlebox config, Credentials credentials, std::set<std::string> withdrawn,
                               std::uint64_t edition, observe::Log& log)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      withdrawn_(std::move(withdrawn)),
      edition_(edition),
      log_(log) {}

session::MiddleboxAssociation::Options MiddleboxRules::engine_options() const {
  session::MiddleboxAssociation::Options options;
  options.client_side = client_side_;
  options.server_side = server_side_;
  options.describe = describe_self();
  options.handshake_deadline = config_.common.limits.handshake_deadline;
  return options;
}

FactoryResult MiddleboxRules::make_mirror(const config::MirrorFilter& options, const config::Filter& filter,
                                          Outside outside) {
  LOUVER_ASSIGN(Mirror made, make_mirror_filter(options, filter.contexts, log_, outside));
  if (made.tap != nullptr) taps_.emplace_back(filter.place, std::move(made.tap));
  return std::move(made.factory);
}

Result<> MiddleboxRules::open() {
  for (const auto& [place, tap] : taps_) {
    const auto opened = tap->open();
    if (!opened) return Error{Fault::configuration, place + ": " + opened.error().detail};
  }
  return {};
}

void MiddleboxRules::enter() {
  for (const auto& [place, tap] : taps_) tap->enter();
}

void MiddleboxRules::leave() {
  for (const auto& [place, tap] : taps_) tap->leave();
}

Result<> MiddleboxRules::make_filters(Outside outside) {
  for (const config::Filter& one : config_.filters) {
    auto made = std::visit(
        [&](const auto& options) {
          if constexpr (std::is_same_v<decltype(options), const config::SecretFilter&>) {
            return make_secret_filter(options, one.contexts, log_, outside);
          } else if constexpr (std::is_same_v<decltype(options), const config::MirrorFilter&>) {
            return make_mirror(options, one, outside);
          } else {
            return make_filter(options, one.contexts, log_);
          }
        },
        one.options);
    if (!made) return Error{Fault::configuration, one.place + ": " + made.error().detail};
    factories_.push_back(*std::move(made));
  }
  // A route may have field contexts of any name; where one is missing, the association says so.
  std::vector<session::ContextTraits> contexts{profile::http1::contexts.begin(), profile::http1::contexts.end()};
  for (const config::Filter& one : config_.filters) {
    for (const std::string& name : one.contexts)
      contexts.push_back({.name = name, .directions = profile::http1::c2s_only | profile::http1::s2c_only});
  }
  std::vector<session::ProfileTraits> profiles{profile::profiles().begin(), profile::profiles().end()};
  profiles.push_back(profile::http1::traits);
  profiles.back().contexts = contexts;
  for (const std::string& idle : filter::filters_that_never_act(factories_, profiles)) {
    log_.write(observe::Level::warn, observe::Event::config_warning, {{"what", idle}});
  }
  return {};
}

wire::Describe MiddleboxRules::describe_self() const {
  wire::Describe describe;
  describe.operator_name = wire::Opaque<0, 255>{std::string_view{config_.describe.operator_name}};
  describe.purpose = wire::Opaque<0, 1023>{std::string_view{config_.describe.purpose}};
  describe.software =
      wire::Opaque<0, 255>{std::string_view{config_.describe.software ? *config_.describe.software : software_name()}};
  describe.contact = wire::Opaque<0, 255>{std::string_view{config_.describe.contact}};
  return describe;
}

Result<std::unique_ptr<SessionFilters>> MiddleboxRules::filters_for(const session::AssociationRecord& record,
                                                                    SessionNumber number,
                                                                    std::shared_ptr<filter::Recall> recall) const {
  filter::SessionInfo info;
  info.id = filter::session_id_text(record.id(), number);
  info.self = record.self();
  info.terms = &record.terms();
  info.recall = std::move(recall);
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

Result<> MiddleboxRules::check_server(const std::string& server) const {
  const auto& servers = config_.policy.servers;
  if (!servers.empty() && std::ranges::find(servers, server) == servers.end())
    return Error{Fault::next_hop_refused, "paths to " + server + " are not taken part in"};
  if (withdrawn_.contains(server)) return Error{Fault::next_hop_refused, "paths to " + server + " are withdrawn"};
  return {};
}

Result<PartyIndex> MiddleboxRules::place(const wire::Hello& hello) {
  const auto& route = hello.route.items;
  for (std::size_t i = 0; i < hello.middleboxes(); ++i) {
    if (route[i].name.text() != config_.name) continue;
    LOUVER_TRY(find_next(as_text(route[i + 1].name.bytes), route[i + 1].port));
    LOUVER_TRY(check_server(route.back().name.text()));
    return PartyIndex{static_cast<std::uint8_t>(i + 1)};
  }
  return Error{Fault::not_in_route, config_.name + " is not in the route"};
}

std::optional<wire::Announce> MiddleboxRules::announce(const wire::Hello& hello) {
  return config::announcement_for(config_, hello, describe_self());
}

/// Before Ready: the terms must be ones that this middlebox can serve.
Result<> MiddleboxRules::approve(const session::Terms& terms, PartyIndex self) { return check_terms(terms, self); }

Result<> MiddleboxRules::check_terms(const session::Terms& terms, PartyIndex self) const {
  if (profile::find_profile(terms.profile()) == nullptr)
    return Error{Fault::blocked_by_policy, "profile \"" + printable(terms.profile(), 32) + "\" is unknown here"};
  const std::uint32_t most = config_.common.limits.max_record;
  if (terms.max_record() > most) {
    return Error{Fault::limit_exceeded,
                 "records of " + std::to_string(terms.max_record()) + " octets; at most " + std::to_string(most)};
  }
  if (config_.policy.on_missing_grant != config::MiddleboxPolicy::OnMissingGrant::end) return {};
  filter::SessionInfo info;
  info.self = self;
  info.terms = &terms;
  LOUVER_ASSIGN(const std::unique_ptr<filter::Chain> chain, filter::Chain::make(factories_, std::move(info)));
  if (!chain->missing().empty()) return Error{Fault::grant_refused, filter::describe(chain->missing().front())};
  return {};
}

Result<> MiddleboxRules::allows(const session::AssociationRecord& record) const {
  const session::Terms& terms = record.terms();
  const PartyIndex next{static_cast<std::uint8_t>(raw(record.self()) + 1)};
  if (const auto there = find_next(terms.name(next), terms.port(next)); !there)
    return Error{Fault::revoked, there.error().detail};
  if (const auto served = check_server(terms.name(terms.server())); !served)
    return Error{Fault::revoked, served.error().detail};
  if (const auto fits = check_terms(terms, record.self()); !fits) return Error{Fault::revoked, fits.error().detail};
  return check_anchors(*credentials_.trust, record);
}

Result<std::pair<runtime::Endpoint, runtime::ConnectOptions>> MiddleboxRules::find_next(std::string_view name,
                                                                                        std::uint16_t port) const {
  const config::Next* next = withdrawn_.contains(std::string{name}) ? nullptr : config_.find_next(name, port);
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
