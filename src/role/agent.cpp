#include "role/agent.h"

#include "role/tcp_end.h"

namespace louver::role {

Result<std::unique_ptr<Agent>> Agent::make(config::Agent config, observe::Log& log) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  if (credentials.identity != nullptr)
    LOUVER_TRY(credentials.check_own(tls::Role::client, "", config.common.certificate->place));
  std::unique_ptr<Agent> made{new Agent{std::move(config), std::move(credentials), log}};
  LOUVER_TRY(made->set_up());
  return made;
}

Agent::Agent(config::Agent config, Credentials credentials, observe::Log& log)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      process_(config_.common, log),
      station_(process_.station()) {}

Result<> Agent::set_up() {
  for (const config::Route& route : config_.routes) {
    LOUVER_ASSIGN(keepers_[&route], RouteKeeper::make(route, credentials_, station_));
  }
  return {};
}

Result<> Agent::open() {
  for (const config::HttpListener& listener : config_.http) LOUVER_TRY(listen_http(listener));
  for (const config::TcpListener& listener : config_.tcp) LOUVER_TRY(listen_tcp(listener));
  return {};
}

RouteKeeper* Agent::keeper(const config::Route* route) {
  const auto found = keepers_.find(route);
  return found == keepers_.end() ? nullptr : found->second.get();
}

Result<> Agent::listen_http(const config::HttpListener& listener) {
  auto setting = std::make_unique<HttpFrontSetting>();
  const bool proxy = listener.mode == config::HttpListener::Mode::proxy;
  setting->options.rules.mode =
      proxy ? profile::http1::ListenerMode::forward_proxy : profile::http1::ListenerMode::reverse_map;
  if (proxy) {
    setting->route = [this](std::string_view host, std::uint16_t port) {
      return keeper(config_.route_for(host, port));
    };
  } else {
    RouteKeeper* only = keeper(config_.find_route(*listener.route));
    setting->route = [only](std::string_view, std::uint16_t) { return only; };
    setting->hosts = listener.hosts;
  }
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
  RouteKeeper* route = keeper(config_.find_route(listener.route));
  LOUVER_ASSIGN(const std::uint16_t port,
                process_.listen(listener.listen, "tcp", [this, route](Household& household, runtime::Socket socket) {
                  accept_tcp(household, std::move(socket), *route);
                }));
  ports_.push_back(port);
  return {};
}

void Agent::accept_tcp(Household& household, runtime::Socket socket, RouteKeeper& route) {
  const auto end = TcpEnd::for_application(household, station_, std::move(socket));
  const auto join = [this, &household, &route,
                     weak = std::weak_ptr<TcpEnd>{end}](Result<std::shared_ptr<session::AssociationRecord>> record) {
    const auto alive = weak.lock();
    if (alive == nullptr) return;
    if (!record) return alive->refuse(record.error());
    auto counted = session_seat(station_, **record);
    if (!counted) return alive->refuse(counted.error());
    auto session =
        SessionLink::join(household, station_, *std::move(record), route.first_party(), route.profile(), alive->user());
    if (!session) return alive->refuse(session.error());
    alive->attach(*std::move(session), *std::move(counted));
  };
  if (auto record = route.current()) {
    join(std::move(record));
  } else {
    route.when_ready(household.loop().handle(), join);
  }
}

int Agent::run() {
  return process_.run([this] {
    for (auto& [route, keeper] : keepers_) keeper->start(process_.household(0));
  });
}

}  // namespace louver::role
