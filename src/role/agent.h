#pragma once

#include <map>

#include "role/access.h"
#include "role/http_front.h"
#include "role/local_https.h"
#include "role/process.h"
#include "role/route_keepers.h"
#include "role/tcp_end.h"
#include "runtime/rate_limit.h"

namespace louver::role {

/// The client side: takes plain connections of local applications into sessions.
class Agent final : public Manageable {
 public:
  /// @fault configuration: a file or address that does not do
  static Result<std::unique_ptr<Agent>> make(config::Agent config, observe::Log& log);
  /// Listens. @fault configuration: an address cannot be had
  Result<> open();
  int run();
  /// Where each listener listens, in the order of the configuration: [[http]] first, then [[tcp]].
  const std::vector<std::uint16_t>& ports() const { return ports_; }

 private:
  /// The configuration, its routes and who may use them, as one edition that is replaced as a whole.
  struct Rules {
    config::Agent config;
    Credentials credentials;
    RouteKeepers::AllRules routes;
    std::vector<Access> http, tcp;  // of the listeners of the same place in `config`

    static Result<std::shared_ptr<const Rules>> make(config::Agent config, Credentials credentials,
                                                     const std::set<std::string>& withdrawn, uid_t own);
    /// Some listener lets that user on that route.
    bool serves(const std::string& route, const runtime::ConnectionUser& user) const;
    /// Whom some listener serves depends on who it is, and only sock_diag can tell.
    bool asks_sock_diag() const;
    /// Some listener is no Unix socket.
    bool has_ports() const;
  };

  Agent(std::shared_ptr<const Rules> rules, uid_t own, observe::Log& log);
  static Result<Credentials> load_credentials(const config::Agent& config);

  Result<Apply> prepare(const Change& change) const override;
  void apply(const std::shared_ptr<const Rules>& rules, Duration drain);
  void adopt(const std::shared_ptr<const Rules>& rules);
  void renew() override;
  void add_status(nlohmann::ordered_json& status) const override;

  Result<> open_users();
  Result<> listen_http(const config::HttpListener& listener, std::size_t index);
  Result<> listen_tcp(const config::TcpListener& listener, std::size_t index);
  /// @param tls  null: plain HTTP
  void accept_http(Household& household, runtime::Socket socket, const HttpFrontSetting& setting,
                   const std::shared_ptr<const tls::WebContext>& tls, std::size_t index);
  void accept_tcp(Household& household, runtime::Socket socket, std::size_t index);
  void serve_tcp(Household& household, const std::shared_ptr<TcpEnd>& end, const runtime::ConnectionUser& user,
                 std::size_t index);
  runtime::ConnectionUser user_of(const runtime::Socket& socket);
  /// Counts the connection among those of its user, for as long as it lives. @fault limit_exceeded
  Result<> count(runtime::Socket& socket, const runtime::ConnectionUser& user);
  void log_turned_away(const std::string& listener, const Error& why);

  const uid_t own_;  // whom this process runs as
  Current<const Rules> rules_;
  Process process_;
  Station& station_;
  RouteKeepers keepers_;
  std::optional<runtime::ConnectionUsers> users_;    // nothing where the kernel does not tell
  runtime::Shares<runtime::ConnectionUser> shares_;  // of the connections, of users other than its own
  Quota turned_away_;
  std::mutex turned_away_log_mutex_;
  runtime::RateLimit turned_away_log_;
  std::shared_ptr<const tls::LocalAuthority> local_authority_;  // null: no https listener
  std::vector<std::unique_ptr<HttpFrontSetting>> fronts_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace louver::role
