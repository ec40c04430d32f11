#pragma once

#include <functional>

#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"
#include "session/endpoint_association.h"

namespace louver::role {

/// An endpoint's association on its connection: carries what the engine says, keeps its deadlines, tells the record's
/// sessions the end.
class AssociationLink final : public Resident, public LinkOwner {
 public:
  struct Callbacks {
    std::function<void()> on_record;            // Keys are out: joins may be told from unknown ones
    std::function<void()> on_open;              // step 4 is done
    std::function<void(const Error&)> on_over;  // it has ended; `closed` after a Close that ran its course
    std::function<void()> on_closing;           // a Close was sent or has come: it takes no more sessions
    /// Whether the rules of now still allow it as it is. @fault revoked
    std::function<Result<>(const session::AssociationRecord&)> allowed;
    std::shared_ptr<void> keep;  // what the engine refers to
  };

  static std::shared_ptr<AssociationLink> prepare(Household& household, SidedLinkPtr link, Side towards_peer,
                                                  Station& station,
                                                  std::unique_ptr<session::EndpointAssociation> engine,
                                                  Callbacks callbacks);
  /// @param first  what the engine has said already: a client's first flight
  void start(session::Outbound first);

  const std::shared_ptr<session::AssociationRecord>& record() const { return engine_->record(); }
  bool open() const { return engine_->complete() && !engine_->closed(); }
  /// Sends Close; running sessions end after `drain_ms`.
  void close(std::uint8_t code, std::uint32_t drain_ms);
  /// Closes it, as for a renewal, when that time has passed.
  void close_after(Duration time);
  /// The other end or a middlebox has refused, in a channel of its own: its word, not the network's.
  bool refused_by_policy() const {
    const auto& alert = engine_->peer_alert();
    return alert && alert->authenticated &&
           (alert->alert == Alert::grant_refused || alert->alert == Alert::blocked_by_policy);
  }
  /// Who announced itself, if that ended it.
  const std::optional<wire::Announce>& announcement() const { return engine_->announcement(); }
  /// The alert that somebody else reported, if that ended it.
  std::optional<Alert> reported() const {
    return engine_->peer_alert() ? std::optional{engine_->peer_alert()->alert} : std::nullopt;
  }

  /// Ends it because the rules no longer allow it: Close with `revoked`, its sessions after `drain`.
  void withdraw(const Error& why, Duration drain);

  void drain() override;
  void abort() override;
  void reconsider(const Reconsider& change) override;
  bool busy() const override { return false; }

 private:
  AssociationLink(Household& household, Station& station, std::unique_ptr<session::EndpointAssociation> engine,
                  Callbacks callbacks);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side from, const Error& error) override;
  void on_drained(Side) override {}
  void after_engine(session::Outbound&& out);
  void log_blocked(const session::BlockedNote& note);
  void carry_audit();
  void begin_audit();
  void log_audit();
  void set_timer();
  void on_timer();
  void fail(const Error& error);
  void over(const Error& error);

  Household& household_;
  Station& station_;
  std::unique_ptr<session::EndpointAssociation> engine_;
  Callbacks callbacks_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
  runtime::Timer close_timer_;
  bool told_record_ = false, told_open_ = false, told_closing_ = false, over_ = false;
  bool audit_begun_ = false, audit_counted_ = false;
};

}  // namespace louver::role
