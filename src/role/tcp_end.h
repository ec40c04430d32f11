#pragma once

#include "profile/stream1/codec.h"
#include "role/origin_connector.h"
#include "role/session_link.h"

namespace louver::role {

/// A TCP connection at one end of a `stream/1` session: an application's at the agent, an origin's at the gateway.
class TcpEnd final : public Resident, public SessionUser, public LinkOwner {
 public:
  /// Agent: the application's connection is there; the session is made by `attach`.
  static std::shared_ptr<TcpEnd> for_application(Household& household, Station& station, runtime::Socket socket);
  /// The same for a connection that somebody else has begun to read; paused.
  static std::shared_ptr<TcpEnd> for_application(Household& household, Station& station, SidedLinkPtr link);
  /// @return where the session hands its parts to
  SessionUser& user() { return *this; }
  void attach(std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted);
  /// No session can be had.
  void refuse(const Error& error);

  /// Gateway: connects to the origin; the session's bytes wait until it is there.
  static void for_origin(Household& household, Station& station, const config::Origin& origin, OriginWay way,
                         std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted);

  void drain() override {}
  void abort() override { lose(); }
  bool busy() const override { return true; }

 private:
  TcpEnd(Household& household, Station& station, Side end);
  void open_codec();

  Result<> on_part(const session::Part& part) override;
  void on_path_end(bool whole) override;
  void on_session_lost(const Error&) override { lose(); }
  void on_session_writable() override;
  bool after_parts() override;

  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side, const Error&) override;
  void on_drained(Side) override;
  void on_connected(Result<SidedLinkPtr> link);
  void leave_if_done();
  void lose();
  void leave();

  class Inward final : public session::PartSink {
   public:
    explicit Inward(TcpEnd& owner) : owner_(owner) {}
    Result<> on_part(const session::Part& part) override { return owner_.session_->send(part); }

   private:
    TcpEnd& owner_;
  };

  Household& household_;
  Station& station_;
  Side end_;
  Inward inward_;
  std::shared_ptr<SessionLink> session_;
  std::shared_ptr<void> counted_;
  std::unique_ptr<profile::stream1::Codec> codec_;
  SidedLinkPtr link_;
  std::unique_ptr<OriginConnector> connector_;
  bool connection_ended_ = false, path_ended_ = false, over_ = false;
};

}  // namespace louver::role
