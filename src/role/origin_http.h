#pragma once

#include "config/config.h"
#include "profile/http1/gateway.h"
#include "role/origin_connector.h"
#include "role/session_link.h"

namespace louver::role {

/// What every HTTP session of a gateway shares.
struct OriginHttpSetting {
  const config::Gateway& config;
  const OriginTls& tls;
  profile::http1::SessionPlan plan;  // its fields: those that an association may have
  profile::http1::Limits limits;
};

/// An HTTP session at the gateway: requests out of it to origins, one at a time, answers back into it.
class OriginHttp final : public Resident, public SessionUser, public LinkOwner, public profile::http1::GatewayEvents {
 public:
  static void start(Household& household, Station& station, std::shared_ptr<const OriginHttpSetting> setting,
                    std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted);

  void drain() override {}
  void abort() override { lose(); }
  bool busy() const override { return codec_.open_exchanges() != 0; }

 private:
  OriginHttp(Household& household, Station& station, std::shared_ptr<const OriginHttpSetting> setting,
             std::shared_ptr<SessionLink> session);

  // the session
  Result<> on_part(const session::Part& part) override { return codec_.from_path(part); }
  void on_path_end(bool whole) override;
  void on_session_lost(const Error& error) override;
  void on_session_writable() override;
  bool after_parts() override;

  // the origin
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side) override;
  void on_broken(Side, const Error& error) override { origin_gone(&error); }
  void on_drained(Side) override;

  profile::http1::GatewayDecision on_request(const profile::http1::RequestTarget& request) override;
  void on_origin_done(bool reusable) override;

  void connect(const config::Origin& origin);
  void on_connected(Result<SidedLinkPtr> link);
  void origin_gone(const Error* broken);
  void serve_origin();
  void drop_origin();
  void move_on();
  void check(const Result<>& result);
  void lose();
  void leave();

  /// The codec's way into the session.
  class Inward final : public session::PartSink {
   public:
    explicit Inward(OriginHttp& owner) : owner_(owner) {}
    Result<> on_part(const session::Part& part) override { return owner_.session_->send(part); }

   private:
    OriginHttp& owner_;
  };

  Household& household_;
  Station& station_;
  std::shared_ptr<const OriginHttpSetting> setting_;  // as it was when the session began
  std::shared_ptr<SessionLink> session_;
  std::shared_ptr<void> counted_;
  /// The parties as they were authenticated; the codec takes such fields out of what clients send.
  const profile::http1::Fields party_fields_;
  Inward inward_;
  profile::http1::GatewayCodec codec_;
  const config::Origin* origin_ = nullptr;  // that `link_` leads to, or will
  SidedLinkPtr link_;
  std::vector<SidedLinkPtr> old_links_;  // closed within their own callback
  std::unique_ptr<OriginConnector> connector_;
  bool drop_origin_ = false, told_end_ = false, path_ended_ = false, over_ = false;
};

}  // namespace louver::role
