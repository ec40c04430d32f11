#pragma once

#include <map>

#include "profile/http1/agent.h"
#include "role/route_keeper.h"
#include "role/session_link.h"
#include "role/verdict_wait.h"

namespace louver::role {

/// What the HTTP connections of one listener share.
struct HttpFrontSetting {
  profile::http1::AgentOptions options;
  std::vector<config::Authority> hosts;  // reverse: Host values that are answered
  /// The route of a request, or null.
  std::function<RouteKeeper*(std::string_view host, std::uint16_t port)> route;
};

/// An application's HTTP connection at the agent, and the session that its requests travel in.
class HttpFront final : public Resident, public SessionUser, public LinkOwner, public profile::http1::AgentEvents {
 public:
  static void start(Household& household, Station& station, const HttpFrontSetting& setting, runtime::Socket socket);

  void drain() override;
  void abort() override;
  /// What the user reads when Louver itself answers.
  struct Answer {
    unsigned status;
    std::string reason;
  };

  bool busy() const override { return codec_ != nullptr && codec_->open_exchanges() != 0; }

 private:
  HttpFront(Household& household, Station& station, const HttpFrontSetting& setting);

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

  profile::http1::AgentDecision use(RouteKeeper& route);
  profile::http1::AgentDecision join(RouteKeeper& route, std::shared_ptr<session::AssociationRecord> record);
  void on_route_ready(const Result<std::shared_ptr<session::AssociationRecord>>& record);
  void answer_lost(const Answer& answer);
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
  Inward inward_;
  SidedLinkPtr link_;
  std::unique_ptr<profile::http1::AgentCodec> codec_;
  RouteKeeper* route_ = nullptr;  // of the session, or of the one that is waited for
  std::shared_ptr<SessionLink> session_;
  std::shared_ptr<void> counted_;
  std::unique_ptr<VerdictWait> verdict_;
  bool waiting_ = false, application_ended_ = false, over_ = false, draining_ = false;
};

}  // namespace louver::role
