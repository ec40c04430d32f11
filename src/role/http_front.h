#pragma once

#include <map>

#include "profile/http1/agent.h"
#include "role/route_keeper.h"
#include "role/session_link.h"
#include "role/verdict_wait.h"
#include "runtime/connection_user.h"
#include "runtime/tls_handshake.h"

namespace louver::role {

/// What the HTTP connections of one listener share.
struct HttpFrontSetting {
  profile::http1::AgentOptions options;
  std::vector<config::Authority> hosts;  // reverse: Host values that are answered
  using User = runtime::ConnectionUser;
  /// Whether that user, from that address, may use the listener now. @fault blocked_by_policy, in words for him
  std::function<Result<>(const User& user, const runtime::IpAddress& from)> admit;
  /// The keeper of a request's route for that user.
  /// @fault next_hop_refused: no route; blocked_by_policy; limit_exceeded: no room for another user
  std::function<Result<std::shared_ptr<RouteKeeper>>(const User& user, std::string_view host, std::uint16_t port)>
      route;
  bool resend = true;  // what may be sent again is, when the path broke before anything of its answer came
};

/// An application's HTTP connection at the agent, and the session that its requests travel in.
class HttpFront final : public Resident, public SessionUser, public LinkOwner, public profile::http1::AgentEvents {
 public:
  /// @param socket  plain, or with the TLS of an https listener
  /// @param user    whose connection it is
  static void start(Household& household, Station& station, const HttpFrontSetting& setting,
                    runtime::WrappedSocket socket, runtime::ConnectionUser user);
  /// The same for a connection that somebody else has begun to read; paused.
  static void start(Household& household, Station& station, const HttpFrontSetting& setting, SidedLinkPtr link,
                    runtime::ConnectionUser user);

  void drain() override;
  void abort() override;
  /// What the user reads when Louver itself answers.
  struct Answer {
    unsigned status;
    std::string reason;
  };

  bool busy() const override { return codec_ != nullptr && codec_->open_exchanges() != 0; }

 private:
  HttpFront(Household& household, Station& station, const HttpFrontSetting& setting, runtime::ConnectionUser user);

  // the application
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side from, const Error& error) override;
  void on_drained(Side to) override;
  profile::http1::AgentDecision on_request(const profile::http1::RequestTarget& request) override;

  // the session
  Result<> on_part(const session::Part& part) override { return codec_->from_path(part); }
  void on_path_end(bool whole) override;
  void on_session_lost(const Error& error) override;
  void on_session_writable() override { continue_application(); }
  bool after_parts() override;

  void begin();
  void on_quiet();
  profile::http1::AgentDecision use(const std::shared_ptr<RouteKeeper>& route);
  Result<> join(const Joinable& joinable);
  void on_route_ready(const Result<Joinable>& joinable);
  bool may_resend(const Error& error, const SessionLink& session) const;
  void resend_later(std::shared_ptr<RouteKeeper> route);
  void resend();
  void resend_in(const Result<Joinable>& joinable);
  void await_verdict(const std::shared_ptr<SessionLink>& session, Fault fault);
  void answer_failure(const Answer& answer);
  std::size_t take(MutableBytes input);
  void end_session();
  void give_up_session(const Error& error);
  void flush();
  void continue_application();
  void close();
  void reset();
  void leave();

  class Inward final : public session::PartSink {
   public:
    explicit Inward(HttpFront& owner) : owner_(owner) {}
    Result<> on_part(const session::Part& part) override;

   private:
    HttpFront& owner_;
  };

  Household& household_;
  Station& station_;
  const HttpFrontSetting& setting_;
  const runtime::ConnectionUser user_;
  Inward inward_;
  SidedLinkPtr link_;
  std::unique_ptr<profile::http1::AgentCodec> codec_;
  std::shared_ptr<RouteKeeper> route_;  // of the session, or of the one that is waited for
  std::shared_ptr<SessionLink> session_;
  std::shared_ptr<void> counted_;
  std::unique_ptr<VerdictWait> verdict_;
  std::unique_ptr<runtime::Timer> resend_timer_;
  runtime::Timer quiet_timer_;
  TimePoint used_{};  // when a request began, was read or was last open
  bool was_open_ = false, begun_ = false;
  unsigned resends_ = 0;  // of the request that is open
  bool waiting_ = false, application_ended_ = false, told_end_ = false, over_ = false, draining_ = false;
};

}  // namespace louver::role
