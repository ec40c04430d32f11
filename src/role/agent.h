#pragma once

#include <map>

#include "role/http_front.h"
#include "role/process.h"

namespace louver::role {

/// The client side: takes plain connections of local applications into sessions.
class Agent final : public Manageable {
 public:
  /// @fault configuration: a file or address that does not do
  static Result<std::unique_ptr<Agent>> make(config::Agent config, observe::Log& log);
  /// The rules hold keepers, which have timers on the process's loops: they go before it.
  ~Agent() override { rules_.set(nullptr); }
  /// Listens. @fault configuration: an address cannot be had
  Result<> open();
  int run();
  /// Where each listener listens, in the order of the configuration: [[http]] first, then [[tcp]].
  const std::vector<std::uint16_t>& ports() const { return ports_; }

 private:
  /// The configuration and its routes, as one edition that is replaced as a whole.
  struct Rules {
    config::Agent config;
    Credentials credentials;
    std::map<std::string, std::shared_ptr<RouteKeeper>, std::less<>> keepers;  // by the name of the route
  };
  using AllRouteRules = std::map<std::string, std::shared_ptr<const RouteRules>, std::less<>>;

  Agent(config::Agent config, Credentials credentials, const AllRouteRules& routes, observe::Log& log);
  static Result<Credentials> load_credentials(const config::Agent& config);
  static Result<AllRouteRules> rules_of_routes(const config::Agent& config, const Credentials& credentials,
                                               const std::set<std::string>& withdrawn);

  Result<Apply> prepare(const Change& change) const override;
  void apply(config::Agent config, Credentials credentials, const AllRouteRules& routes, Duration drain);
  void renew() override;
  void add_status(nlohmann::ordered_json& status) const override;

  Result<> listen_http(const config::HttpListener& listener);
  Result<> listen_tcp(const config::TcpListener& listener);
  void accept_tcp(Household& household, runtime::Socket socket, const std::string& route);
  std::shared_ptr<RouteKeeper> keeper(std::string_view route) const;
  std::shared_ptr<RouteKeeper> keeper_for(std::string_view host, std::uint16_t port) const;

  Current<const Rules> rules_;
  Process process_;
  Station& station_;
  std::map<std::string, std::shared_ptr<RouteKeeper>, std::less<>> all_keepers_;  // also of routes that are gone
  std::vector<std::unique_ptr<HttpFrontSetting>> fronts_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace louver::role
