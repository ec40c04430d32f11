#pragma once

#include <map>

#include "role/http_front.h"
#include "role/process.h"

namespace louver::role {

/// The client side: takes plain connections of local applications into sessions.
class Agent {
 public:
  /// @fault configuration: a file or address that does not do
  static Result<std::unique_ptr<Agent>> make(config::Agent config, observe::Log& log);
  /// Listens. @fault configuration: an address cannot be had
  Result<> open();
  int run();
  /// Where each listener listens, in the order of the configuration: [[http]] first, then [[tcp]].
  const std::vector<std::uint16_t>& ports() const { return ports_; }

 private:
  Agent(config::Agent config, Credentials credentials, observe::Log& log);
  Result<> set_up();
  Result<> listen_http(const config::HttpListener& listener);
  Result<> listen_tcp(const config::TcpListener& listener);
  void accept_tcp(Household& household, runtime::Socket socket, RouteKeeper& route);
  RouteKeeper* keeper(const config::Route* route);

  config::Agent config_;
  Credentials credentials_;
  Process process_;
  Station& station_;
  std::map<const config::Route*, std::unique_ptr<RouteKeeper>> keepers_;
  std::vector<std::unique_ptr<HttpFrontSetting>> fronts_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace louver::role
