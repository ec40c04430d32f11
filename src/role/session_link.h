#pragma once

#include <optional>

#include "role/quiet_watch.h"
#include "role/session_audit.h"
#include "role/session_watch.h"
#include "role/sided_link.h"
#include "role/station.h"
#include "session/endpoint_session.h"

namespace louver::role {

/// What stands behind a session at an end: an application's connection, or an origin's.
class SessionUser : public session::PartSink {
 public:
  /// The other end has ended its direction with every FIN. `whole` is false if a message was left open.
  virtual void on_path_end(bool whole) = 0;
  /// The session is over by a failure: nothing more comes, nothing more goes.
  virtual void on_session_lost(const Error& error) = 0;
  /// There is room again for what goes into the session.
  virtual void on_session_writable() = 0;
  /// A batch of parts has been handed over: say whether more may come. If not, call resume_parts() when they may.
  virtual bool after_parts() = 0;
};

/// An endpoint's session on its connection.
class SessionLink final : public Resident, public LinkOwner {
 public:
  /// Client: takes a number, makes the JOIN and connects, unless it is given a connection; what is sent meanwhile goes
  /// out behind it.
  /// @fault revoked, certificate_expired: the association takes no more sessions
  static Result<std::shared_ptr<SessionLink>> join(Household& household, Station& station,
                                                   std::shared_ptr<session::AssociationRecord> record,
                                                   const runtime::Endpoint& first_party,
                                                   const session::ProfileTraits& profile, SessionUser& user,
                                                   std::optional<runtime::Socket> connection);
  /// Server: the JOIN has been taken from `link`.
  static std::shared_ptr<SessionLink> take(Household& household, SidedLinkPtr link, Station& station,
                                           std::shared_ptr<session::AssociationRecord> record, SessionNumber number,
                                           std::unique_ptr<session::EndpointSession> engine);
  /// Server: before anything is read. The user must live until on_session_lost or until detach().
  void start(SessionUser& user);

  /// Seals a part. It leaves with the next flush(). @fault: the session is lost; on_session_lost comes later.
  Result<> send(const session::Part& part);
  void finish();
  void flush();
  /// Read no more from the application until on_session_writable.
  bool above_high_water() const;
  void resume_parts();
  /// The user gives up: the path is told with this fault's alert.
  void fail(const Error& error);
  /// The user is gone; if both directions have ended, the connection closes in order, else it fails as truncated.
  void detach();
  /// The same for a user that says why it goes.
  void detach_with(const Error& error);
  /// The user has finished its direction and is done: what the path still says (its own end) is nobody's any more.
  void release();
  /// The path reported this alert (an ALERT frame is nobody's word: a hint at most).
  std::optional<Alert> reported() const {
    return engine_->alert() ? std::optional{static_cast<Alert>(engine_->alert()->code)} : std::nullopt;
  }

  SessionNumber number() const { return number_; }
  /// Its connection; null while there is none yet.
  const runtime::Link* link() const { return link_ == nullptr ? nullptr : &link_->link(); }
  const session::AssociationRecord& record() const { return *watch_.record(); }
  const std::shared_ptr<session::AssociationRecord>& association() const { return watch_.record(); }
  bool received_end() const { return engine_->received_end(); }

  void drain() override {}
  void abort() override { fail(Error{Fault::revoked, "the process ends"}); }
  bool busy() const override { return !over_; }

 private:
  SessionLink(Household& household, Station& station, std::shared_ptr<session::AssociationRecord> record,
              SessionNumber number, std::unique_ptr<session::EndpointSession> engine);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side from, const Error& error) override;
  void on_drained(Side to) override;
  void on_connected(Result<runtime::Socket> socket);
  void tell_path_end();
  void close_if_done();
  void lose(const Error& error);
  void arm_timer();
  void on_timer();
  bool is_client() const { return record().self() == PartyIndex{0}; }

  Household& household_;
  Station& station_;
  SessionNumber number_;
  std::unique_ptr<session::EndpointSession> engine_;
  SessionAudit audit_;
  SessionUser* user_ = nullptr;
  session::Outbound out_;  // not yet written; while connecting, everything from the JOIN on
  std::unique_ptr<runtime::Connector> connector_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
  SessionWatch watch_;
  QuietWatch quiet_;
  bool over_ = false, released_ = false, told_path_end_ = false, paused_ = false, was_high_ = false;
};

}  // namespace louver::role
