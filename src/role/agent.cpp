#include "role/agent.h"

#include <nlohmann/json.hpp>

#include "config/fixed.h"
#include "role/read_anew.h"
#include "role/tcp_end.h"

namespace louver::role {

Result<std::unique_ptr<Agent>> Agent::make(config::Agent config, observe::Log& log) {
  LOUVER_ASSIGN(Credentials credentials, load_credentials(config));
  LOUVER_ASSIGN(const AllRouteRules routes, rules_of_routes(config, credentials, {}));
  return std::unique_ptr<Agent>{new Agent{std::move(config), std::move(credentials), routes, log}};
}

Result<Credentials> Agent::load_credentials(const config::Agent& config) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  if (credentials.identity != nullptr)
    LOUVER_TRY(credentials.check_own(tls::Role::client, "", config.common.certificate->place));
  return credentials;
}

Result<Agent::AllRouteRules> Agent::rules_of_routes(const config::Agent& config, const Credentials& credentials,
                                                    const std::set<std::string>& withdrawn) {
  AllRouteRules out;
  for (const config::Route& route : config.routes) {
    if (!route.audit.empty() && !config.audit.log) {
      return Error{Fault::configuration, route.place + ": audit: the process was started without [audit]; restart it"};
    }
    LOUVER_ASSIGN(out[route.name], RouteRules::make(route, credentials, config.common.limits.max_record, withdrawn));
  }
  return out;
}

Agent::Agent(config::Agent config, Credentials credentials, const AllRouteRules& routes, observe::Log& log)
    : rules_(std::make_shared<const Rules>(Rules{std::move(config), std::move(credentials), {}})),
      process_(rules_.get()->config.common, log),
      station_(process_.station()) {
  for (const auto& [name, rules] : routes) all_keepers_[name] = std::make_shared<RouteKeeper>(rules, station_);
  const auto first = rules_.get();
  rules_.set(std::make_shared<const Rules>(Rules{first->config, first->credentials, all_keepers_}));
}

Result<> Agent::open() {
  const auto rules = rules_.get();
  LOUVER_TRY(station_.open_audit(rules->config.audit));
  for (const config::HttpListener& listener : rules->config.http) LOUVER_TRY(listen_http(listener));
  for (const config::TcpListener& listener : rules->config.tcp) LOUVER_TRY(listen_tcp(listener));
  return process_.manage(*this);
}

std::shared_ptr<RouteKeeper> Agent::keeper(std::string_view route) const {
  const auto rules = rules_.get();
  const auto found = rules->keepers.find(route);
  return found == rules->keepers.end() ? nullptr : found->second;
}

std::shared_ptr<RouteKeeper> Agent::keeper_for(std::string_view host, std::uint16_t port) const {
  const auto rules = rules_.get();
  const config::Route* route = rules->config.route_for(host, port);
  if (route == nullptr) return nullptr;
  const auto found = rules->keepers.find(route->name);
  return found == rules->keepers.end() ? nullptr : found->second;
}

Result<Manageable::Apply> Agent::prepare(const Change& change) const {
  const auto now = rules_.get();
  config::Agent config = now->config;
  Credentials credentials = now->credentials;
  std::vector<std::string> kept;
  if (change.read_anew) {
    LOUVER_ASSIGN(config, read_anew<config::Agent>(now->config.common.file));
    kept = config::keep_fixed(now->config, config);
    LOUVER_ASSIGN(credentials, load_credentials(config));
  }
  LOUVER_ASSIGN(AllRouteRules routes, rules_of_routes(config, credentials, change.withdrawn));
  auto* self = const_cast<Agent*>(this);  // the role is changed only by what is returned
  return Apply{[self, kept, config, credentials, routes, drain = change.drain] {
    self->apply(config, credentials, routes, drain);
    return kept;
  }};
}

void Agent::apply(config::Agent config, Credentials credentials, const AllRouteRules& routes, Duration drain) {
  Rules fresh{std::move(config), std::move(credentials), {}};
  for (const auto& [name, rules] : routes) {
    auto& keeper = all_keepers_[name];
    if (keeper == nullptr) {
      keeper = std::make_shared<RouteKeeper>(rules, station_);
      keeper->start(process_.household(0));
    }
    fresh.keepers[name] = keeper;
  }
  rules_.set(std::make_shared<const Rules>(std::move(fresh)));
  for (const auto& [name, keeper] : all_keepers_) {
    const auto rules = routes.find(name);
    keeper->adopt(rules == routes.end() ? nullptr : rules->second);
  }
  process_.household(0).reconsider({drain, false});
}

void Agent::renew() {
  for (const auto& [name, keeper] : all_keepers_) keeper->renew();
}

void Agent::add_status(nlohmann::ordered_json& status) const {
  status["role"] = "agent";
  const auto rules = rules_.get();
  status["name"] = rules->credentials.identity == nullptr ? "" : rules->credentials.identity->names().front();
  auto routes = nlohmann::ordered_json::array();
  for (const auto& [name, keeper] : rules->keepers) keeper->add_status(routes);
  status["routes"] = std::move(routes);
}

Result<> Agent::listen_http(const config::HttpListener& listener) {
  auto setting = std::make_unique<HttpFrontSetting>();
  const bool proxy = listener.mode == config::HttpListener::Mode::proxy;
  setting->options.rules.mode =
      proxy ? profile::http1::ListenerMode::forward_proxy : profile::http1::ListenerMode::reverse_map;
  if (proxy) {
    setting->route = [this](std::string_view host, std::uint16_t port) { return keeper_for(host, port); };
  } else {
    setting->route = [this, only = *listener.route](std::string_view, std::uint16_t) { return keeper(only); };
    setting->hosts = listener.hosts;
  }
  setting->resend = listener.resend;
  HttpFrontSetting* shared = setting.get();
  fronts_.push_back(std::move(setting));
  LOUVER_ASSIGN(const std::uint16_t port, process_.listen(listener.listen, proxy ? "http proxy" : "http",
                                                          [this, shared](Household& household, runtime::Socket socket) {
                                                            HttpFront::start(household, station_, *shared,
                                                                             std::move(socket));
                                                          }));
  if (!proxy &&
      shared->hosts.empty()) {  // "a web page uses the local agent": only names that an application would use for it
    shared->hosts.push_back({listener.listen.address, port});
    shared->hosts.push_back({"localhost", port});
  }
  ports_.push_back(port);
  return {};
}

Result<> Agent::listen_tcp(const config::TcpListener& listener) {
  const std::string route = listener.route;
  LOUVER_ASSIGN(const std::uint16_t port,
                process_.listen(listener.listen, "tcp", [this, route](Household& household, runtime::Socket socket) {
                  accept_tcp(household, std::move(socket), route);
                }));
  ports_.push_back(port);
  return {};
}

void Agent::accept_tcp(Household& household, runtime::Socket socket, const std::string& route) {
  const auto end = TcpEnd::for_application(household, station_, std::move(socket));
  const auto join = [this, &household, weak = std::weak_ptr<TcpEnd>{end}](Result<Joinable> joinable) {
    const auto alive = weak.lock();
    if (alive == nullptr) return;
    if (!joinable) return alive->refuse(joinable.error());
    auto counted = session_seat(station_, *joinable->record);
    if (!counted) return alive->refuse(counted.error());
    auto session = SessionLink::join(household, station_, joinable->record, joinable->rules->first_party(),
                                     joinable->rules->profile(), alive->user());
    if (!session) return alive->refuse(session.error());
    alive->attach(*std::move(session), *std::move(counted));
  };
  const auto found = keeper(route);
  if (found == nullptr) return end->refuse(Error{Fault::next_hop_refused, "the route is gone"});
  if (auto joinable = found->current()) {
    join(*std::move(joinable));
  } else {
    found->when_ready(household.loop().handle(), join);
  }
}

int Agent::run() {
  return process_.run([this] {
    for (auto& [route, keeper] : all_keepers_) keeper->start(process_.household(0));
  });
}

}  // namespace louver::role
