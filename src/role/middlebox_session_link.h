#pragma once

#include <optional>

#include "role/quiet_watch.h"
#include "role/session_audit.h"
#include "role/session_filters.h"
#include "role/session_recall.h"
#include "role/session_watch.h"
#include "role/sided_link.h"
#include "role/station.h"
#include "session/relay_session.h"

namespace louver::role {

/// A session at a middlebox: two connections and the relay between them. What passes unchanged goes from the buffer
/// that it was read into straight to the next connection.
class MiddleboxSessionLink final : public Resident, public LinkOwner {
 public:
  struct Parts {
    std::shared_ptr<session::AssociationRecord> record;
    SessionNumber number{};
    std::unique_ptr<session::RelaySession> relay;
    std::unique_ptr<SessionFilters> filters;
    std::shared_ptr<SessionRecall> recall;
    Buffer join;  // as it goes on; empty once it has
    std::optional<runtime::Endpoint> next;
    runtime::ConnectOptions connect;
    std::shared_ptr<void> counted;
  };
  ~MiddleboxSessionLink() override { parts_.recall->detach(); }
  static void start(Household& household, SidedLinkPtr client, Station& station, Parts parts);

  void drain() override {}
  void abort() override { fail(Error{Fault::revoked, "the process ends"}); }
  bool busy() const override { return !over_; }

 private:
  MiddleboxSessionLink(Household& household, Station& station, Parts parts);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side from, const Error& error) override;
  void on_drained(Side to) override;
  void resume(Direction direction);
  void on_connected(Result<runtime::Socket> socket);
  void pass_join();
  runtime::Then follows() const { return done() ? runtime::Then::end : runtime::Then::perhaps_more; }
  bool done() const { return parts_.relay->ended(Side::client) && parts_.relay->ended(Side::server); }
  void close_if_done();
  void fail(const Error& error);
  void arm_timer();
  SidedLinkPtr& link(Side side) { return links_[slot(side)]; }

  Household& household_;
  Station& station_;
  Parts parts_;
  SessionAudit audit_;
  std::array<SidedLinkPtr, 2> links_;
  std::unique_ptr<runtime::Connector> connector_;
  runtime::Timer timer_;
  SessionWatch watch_;
  QuietWatch quiet_;
  bool over_ = false;
};

}  // namespace louver::role
