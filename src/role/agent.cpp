#include "role/agent.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/fixed.h"
#include "role/proxied_entry.h"
#include "role/read_anew.h"
#include "role/tcp_end.h"
#include "role/turned_away.h"

namespace louver::role {
namespace {

/// HTTP connections at a time that wait to hear that they are not served; more are closed without a word.
constexpr std::size_t turned_away_most = 64;
constexpr std::chrono::seconds between_complaints{10};

std::size_t a_quarter_of(std::size_t connections) { return std::max<std::size_t>(connections / 4, 1); }

/// A listener as the log calls it, with its real port.
std::string name_of(const config::Endpoint& listen, const runtime::Socket& accepted) {
  return listen.is_local() ? config::to_text(listen) : accepted.local.to_string();
}

}  // namespace

// --- rules

Result<std::shared_ptr<const Agent::Rules>> Agent::Rules::make(config::Agent config, Credentials credentials,
                                                               const std::set<std::string>& withdrawn, uid_t own) {
  Rules out{std::move(config), std::move(credentials), {}, {}, {}};
  for (const config::Route& route : out.config.routes) {
    if (!route.audit.empty() && !out.config.audit.log) {
      return Error{Fault::configuration, route.place + ": audit: the process was started without [audit]; restart it"};
    }
    LOUVER_ASSIGN(out.routes[route.name],
                  RouteRules::make(route, out.credentials, out.config.common.limits.max_record, withdrawn));
  }
  for (const config::HttpListener& one : out.config.http) {
    LOUVER_ASSIGN(Access access, Access::make(one.users, one.proxy_protocol_from, one.listen, one.place, own));
    out.http.push_back(std::move(access));
  }
  for (const config::TcpListener& one : out.config.tcp) {
    LOUVER_ASSIGN(Access access, Access::make(one.users, one.proxy_protocol_from, one.listen, one.place, own));
    out.tcp.push_back(std::move(access));
  }
  return std::make_shared<const Rules>(std::move(out));
}

bool Agent::Rules::serves(const std::string& route, const runtime::ConnectionUser& user) const {
  const config::Route* found = config.find_route(route);
  if (found == nullptr) return false;
  for (std::size_t i = 0; i < config.http.size(); ++i) {
    const bool leads_there = config.http[i].route.value_or(route) == route;  // a proxy leads to all of HTTP
    if (found->profile == config::Profile::http_1 && leads_there && http[i].admits(user)) return true;
  }
  for (std::size_t i = 0; i < config.tcp.size(); ++i) {
    if (config.tcp[i].route == route && tcp[i].admits(user)) return true;
  }
  return false;
}

bool Agent::Rules::has_ports() const {
  const auto has_port = [](const auto& listener) { return !listener.listen.is_local(); };
  return std::ranges::any_of(config.http, has_port) || std::ranges::any_of(config.tcp, has_port);
}

bool Agent::Rules::asks_sock_diag() const {
  for (std::size_t i = 0; i < http.size(); ++i) {
    if (!http[i].admits_anybody() && !config.http[i].listen.is_local()) return true;
  }
  for (std::size_t i = 0; i < tcp.size(); ++i) {
    if (!tcp[i].admits_anybody() && !config.tcp[i].listen.is_local()) return true;
  }
  return false;
}

// --- life

Result<std::unique_ptr<Agent>> Agent::make(config::Agent config, observe::Log& log) {
  const uid_t own = ::geteuid();
  LOUVER_ASSIGN(Credentials credentials, load_credentials(config));
  LOUVER_TRY(check_local_authority(config));
  LOUVER_ASSIGN(auto rules, Rules::make(std::move(config), std::move(credentials), {}, own));
  return std::unique_ptr<Agent>{new Agent{std::move(rules), own, log}};
}

Result<Credentials> Agent::load_credentials(const config::Agent& config) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  if (credentials.identity != nullptr)
    LOUVER_TRY(credentials.check_own(tls::Role::client, "", config.common.certificate->place));
  return credentials;
}

Agent::Agent(std::shared_ptr<const Rules> rules, uid_t own, observe::Log& log)
    : own_(own),
      rules_(std::move(rules)),
      process_(rules_.get()->config.common, log),
      station_(process_.station()),
      keepers_(process_.household(0), station_, runtime::ConnectionUser::local(own)),
      shares_(station_.connections() - a_quarter_of(station_.connections()), 2 * a_quarter_of(station_.connections())),
      turned_away_(std::min(turned_away_most, a_quarter_of(station_.connections()))),
      turned_away_log_(between_complaints) {
  adopt(rules_.get());
}

Result<> Agent::open() {
  const auto rules = rules_.get();
  LOUVER_TRY(open_users());
  LOUVER_TRY(station_.open_audit(rules->config.audit));
  LOUVER_ASSIGN(local_authority_, open_local_authority(rules->config, station_.log));
  for (std::size_t i = 0; i < rules->config.http.size(); ++i) LOUVER_TRY(listen_http(rules->config.http[i], i));
  for (std::size_t i = 0; i < rules->config.tcp.size(); ++i) LOUVER_TRY(listen_tcp(rules->config.tcp[i], i));
  return process_.manage(*this);
}

int Agent::run() {
  return process_.run([this] { keepers_.start(); });
}

// --- changes

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
  LOUVER_ASSIGN(auto rules, Rules::make(std::move(config), std::move(credentials), change.withdrawn, own_));
  auto* self = const_cast<Agent*>(this);  // the role is changed only by what is returned
  return Apply{[self, kept, rules, drain = change.drain] {
    self->apply(rules, drain);
    return kept;
  }};
}

void Agent::apply(const std::shared_ptr<const Rules>& rules, Duration drain) {
  rules_.set(rules);
  adopt(rules);
  process_.household(0).reconsider({drain, false});
}

void Agent::adopt(const std::shared_ptr<const Rules>& rules) {
  keepers_.adopt(rules->routes, [rules](const std::string& route, const runtime::ConnectionUser& user) {
    return rules->serves(route, user);
  });
}

void Agent::renew() { keepers_.renew(); }

void Agent::add_status(nlohmann::ordered_json& status) const {
  status["role"] = "agent";
  const auto rules = rules_.get();
  status["name"] = rules->credentials.identity == nullptr ? "" : rules->credentials.identity->names().front();
  status["user"] = std::to_string(own_);
  auto routes = nlohmann::ordered_json::array();
  keepers_.add_status(routes);
  status["routes"] = std::move(routes);
}

// --- applications

Result<> Agent::open_users() {
  auto users = runtime::ConnectionUsers::open();
  if (users) {
    users_.emplace(*std::move(users));
    return {};
  }
  if (rules_.get()->asks_sock_diag()) {
    return Error{Fault::configuration,
                 users.error().detail +
                     "; let the process use AF_NETLINK, or write users = \"any\" in each [[http]] "
                     "and [[tcp]] if every user of this machine may use this agent"};
  }
  if (rules_.get()->has_ports()) {
    station_.log.write(observe::Level::warn, observe::Event::config_warning,
                       {{"what", users.error().detail + "; all users of this machine share one association"}});
  }
  return {};
}

runtime::ConnectionUser Agent::user_of(const runtime::Socket& socket) {
  if (const auto local = runtime::user_of_local(socket)) return *local;
  return users_ ? users_->of(socket) : runtime::ConnectionUser{};
}

/// Users of one machine share its agent's connections: each of the others may have a half, all together three quarters,
/// served or not, so that a quarter is left for its own.
Result<> Agent::count(runtime::Socket& socket, const runtime::ConnectionUser& user) {
  using Kind = runtime::ConnectionUser::Kind;
  const bool nobody_is_known = user.kind == Kind::unknown && !users_;
  if (user.kind == Kind::remote || nobody_is_known || user == runtime::ConnectionUser::local(own_)) return {};
  LOUVER_ASSIGN(auto share, shares_.take(user, [&user] { return "of user " + to_string(user); }));
  socket.hold(std::move(share));
  return {};
}

void Agent::log_turned_away(const std::string& listener, const Error& why) {
  std::optional<std::uint64_t> held_back;
  {
    const std::lock_guard lock{turned_away_log_mutex_};
    held_back = turned_away_log_.admit(runtime::now());
  }
  if (!held_back) return;
  std::string what = listener + ": " + why.detail;
  if (*held_back > 0) what += " (and " + std::to_string(*held_back) + " more since the last such line)";
  station_.log.write(observe::Level::warn, observe::Event::connection_refused, {{"what", what}});
}

Result<> Agent::listen_http(const config::HttpListener& listener, std::size_t index) {
  using User = runtime::ConnectionUser;
  auto setting = std::make_unique<HttpFrontSetting>();
  const bool proxy = listener.mode == config::HttpListener::Mode::proxy;
  setting->options.rules.mode =
      proxy ? profile::http1::ListenerMode::forward_proxy : profile::http1::ListenerMode::reverse_map;
  setting->admit = [this, index](const User& user, const runtime::IpAddress& from) {
    return rules_.get()->http[index].admit(user, from);
  };
  if (proxy) {
    setting->route = [this](const User& user, std::string_view host,
                            std::uint16_t port) -> Result<std::shared_ptr<RouteKeeper>> {
      const auto rules = rules_.get();
      const config::Route* route = rules->config.route_for(host, port);
      if (route == nullptr) return Error{Fault::next_hop_refused, "no route"};
      return keepers_.of(route->name, user);
    };
  } else {
    setting->route = [this, only = *listener.route](const User& user, std::string_view, std::uint16_t) {
      return keepers_.of(only, user);
    };
    setting->hosts = listener.hosts;
  }
  setting->resend = listener.resend;
  HttpFrontSetting* shared = setting.get();
  fronts_.push_back(std::move(setting));
  std::shared_ptr<const tls::WebContext> tls;
  if (listener.tls) {
    LOUVER_ASSIGN(tls, https_context(listener, local_authority_));
  }
  const char* what = proxy ? "http proxy" : listener.tls ? "https" : "http";
  LOUVER_ASSIGN(const std::uint16_t port, process_.listen(
                                              listener.listen, what,
                                              [this, shared, tls, index](Household& household, runtime::Socket socket) {
                                                accept_http(household, std::move(socket), *shared, tls, index);
                                              },
                                              listener.socket_mode.value_or(config::socket_mode_default)));
  if (!proxy &&
      shared->hosts.empty()) {  // "a web page uses the local agent": only names that an application would use for it
    // A Unix socket has no port, and no web page reaches it: clients write whichever they like behind the host.
    const auto any_or_own = listener.listen.is_local() ? std::nullopt : std::optional{port};
    if (!listener.listen.is_local()) shared->hosts.push_back({listener.listen.address, port});
    shared->hosts.push_back({"localhost", any_or_own});
  }
  ports_.push_back(port);
  return {};
}

void Agent::accept_http(Household& household, runtime::Socket socket, const HttpFrontSetting& setting,
                        const std::shared_ptr<const tls::WebContext>& tls, std::size_t index) {
  const auto rules = rules_.get();
  const runtime::ConnectionUser user = user_of(socket);
  const std::string listener = name_of(rules->config.http[index].listen, socket);
  if (const auto counted = count(socket, user); !counted) {
    log_turned_away(listener, counted.error());
    return;  // and it is closed: to tell him would take a connection
  }
  const auto admitted = rules->http[index].admit(user, socket.remote.ip);
  const auto start = [this, &household, &setting, user](auto connection) {
    HttpFront::start(household, station_, setting, std::move(connection), user);
  };
  if (admitted && tls != nullptr) return HttpsEntry::open(household, station_, tls, std::move(socket), start);
  if (admitted && rules->http[index].proxied()) {
    return ProxiedEntry::open(household, station_, std::move(socket), start,
                              [this, listener](const Error& why) { log_turned_away(listener, why); });
  }
  if (admitted) return start(runtime::WrappedSocket{std::move(socket), nullptr});
  log_turned_away(listener, admitted.error());
  if (tls != nullptr) return;  // and it is closed
  auto seat = turned_away_.take();
  if (seat == nullptr) return;
  socket.hold(std::move(seat));  // until the connection is closed, and not only until he was told
  TurnedAway::start(household, station_, std::move(socket), admitted.error().detail);
}

Result<> Agent::listen_tcp(const config::TcpListener& listener, std::size_t index) {
  LOUVER_ASSIGN(const std::uint16_t port, process_.listen(
                                              listener.listen, "tcp",
                                              [this, index](Household& household, runtime::Socket socket) {
                                                accept_tcp(household, std::move(socket), index);
                                              },
                                              listener.socket_mode.value_or(config::socket_mode_default)));
  ports_.push_back(port);
  return {};
}

void Agent::accept_tcp(Household& household, runtime::Socket socket, std::size_t index) {
  const auto rules = rules_.get();
  const runtime::ConnectionUser user = user_of(socket);
  const std::string listener = name_of(rules->config.tcp[index].listen, socket);
  auto admitted = rules->tcp[index].admit(user, socket.remote.ip);
  if (admitted) admitted = count(socket, user);
  if (!admitted) {
    log_turned_away(listener, admitted.error());
    return;  // and it is closed
  }
  if (!rules->tcp[index].proxied()) {
    return serve_tcp(household, TcpEnd::for_application(household, station_, std::move(socket)), user, index);
  }
  ProxiedEntry::open(
      household, station_, std::move(socket),
      [this, &household, user, index](SidedLinkPtr link) {
        serve_tcp(household, TcpEnd::for_application(household, station_, std::move(link)), user, index);
      },
      [this, listener](const Error& why) { log_turned_away(listener, why); });
}

void Agent::serve_tcp(Household& household, const std::shared_ptr<TcpEnd>& end, const runtime::ConnectionUser& user,
                      std::size_t index) {
  const auto rules = rules_.get();
  auto found = keepers_.of(rules->config.tcp[index].route, user);
  if (!found) return end->refuse(found.error());
  const std::shared_ptr<RouteKeeper> keeper = *std::move(found);
  const auto join = [this, &household, weak = std::weak_ptr<TcpEnd>{end},
                     weak_keeper = std::weak_ptr<RouteKeeper>{keeper}](Result<Joinable> joinable) {
    const auto alive = weak.lock();
    const auto from = weak_keeper.lock();
    if (alive == nullptr) return;
    if (!joinable) return alive->refuse(joinable.error());
    auto counted = session_seat(station_, *joinable->record);
    if (!counted) return alive->refuse(counted.error());
    auto session = SessionLink::join(household, station_, joinable->record, joinable->rules->first_party(),
                                     joinable->rules->profile(), alive->user(),
                                     from ? from->early_connection(*joinable) : std::nullopt);
    if (!session) return alive->refuse(session.error());
    alive->attach(*std::move(session), *std::move(counted));
  };
  if (auto joinable = keeper->current()) {
    join(*std::move(joinable));
  } else {
    keeper->when_ready(household.loop().handle(), join);
  }
}

}  // namespace louver::role
