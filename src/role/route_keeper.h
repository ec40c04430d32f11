#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "role/association_link.h"
#include "role/current.h"
#include "role/early_connection.h"
#include "role/route_rules.h"
#include "runtime/connector.h"

namespace louver::role {

/// An association that sessions may join, and the rules of the route that it was made under.
struct Joinable {
  std::shared_ptr<session::AssociationRecord> record;
  std::shared_ptr<const RouteRules> rules;
};

/// Keeps one association of a route ready for one user: made before it is needed, renewed ahead of its age, made again
/// when it is lost or closed. Lives on one loop; current(), when_ready(), early_connection(), lost() and idle() are for
/// any thread.
/// docs/protocol.md §7, §8
class RouteKeeper final : public session::EndpointPolicy, public std::enable_shared_from_this<RouteKeeper> {
 public:
  /// @param user  for whom, as the log and the status say it
  RouteKeeper(std::shared_ptr<const RouteRules> rules, std::string user, Household& household, Station& station);
  RouteKeeper(const RouteKeeper&) = delete;
  RouteKeeper& operator=(const RouteKeeper&) = delete;

  /// On the loop that it will live on.
  void start();
  /// Goes by other rules from now on; null: the route is gone. What is no longer allowed takes no session any more;
  /// that it ends is for Household::reconsider.
  void adopt(std::shared_ptr<const RouteRules> rules);
  /// Makes another association, for new sessions.
  void renew();
  /// Closes its association in order and makes no other: whoever still asks is told that the route is gone.
  void give_up();
  /// Lets go of everything at once, when the loops have stopped.
  void stop();
  void add_status(nlohmann::ordered_json& out) const;

  /// The association that new sessions join, or nothing while there is none.
  std::optional<Joinable> current() const;
  /// Calls back on `loop` when there is an association, or with why there is none after the handshake deadline.
  using Ready = std::function<void(Result<Joinable>)>;
  void when_ready(runtime::LoopHandle loop, Ready ready);
  /// A connection for a session that is about to join: one was made if somebody had to wait for the association.
  std::optional<runtime::Socket> early_connection(const Joinable& joinable);
  /// Somebody was told that this association does not exist (any more), or cannot get to it: new sessions get another.
  void lost(const session::AssociationRecord& record);
  /// Its association has no session and nobody waits for one.
  bool idle() const;

 private:
  Result<> approve(const session::Terms& terms, const std::vector<session::PartyReport>& parties) override;
  Result<> allows(const session::AssociationRecord& record) const;
  void begin();
  void on_connected(Result<runtime::Socket> socket);
  void on_open(const std::shared_ptr<AssociationLink>& association);
  void on_closing(const AssociationLink* association);
  void on_over(const AssociationLink* association, const Error& error);
  bool start_afresh(const AssociationLink& association);
  void forget_announced();
  void log_failure(const AssociationLink& association, const Error& error);
  void retry(const Error& error);
  void tell(std::optional<Joinable> joinable);
  void tell_failure(const Error& error);
  void expire_waiting();
  void set_renewal();
  AssociationLink::Callbacks callbacks_for(const std::shared_ptr<std::weak_ptr<AssociationLink>>& association);

  struct Waiting {
    runtime::LoopHandle loop;
    Ready ready;
    TimePoint until;
  };

  std::shared_ptr<const RouteRules> rules_;  // null: the route is gone
  const std::string user_;
  Household& household_;
  Station& station_;
  std::unique_ptr<runtime::Connector> connector_;
  std::unique_ptr<runtime::Timer> timer_;       // renewal, or the next try; null before start() and when given up
  std::unique_ptr<runtime::Timer> wait_timer_;  // of those who wait
  EarlyConnection early_;
  std::shared_ptr<AssociationLink> making_, serving_;
  std::shared_ptr<const RouteRules> extended_;       // with middleboxes that announced themselves to the one being made
  std::shared_ptr<const RouteRules> extended_from_;  // what was so extended last
  unsigned fresh_starts_ = 0;
  std::shared_ptr<const RouteRules> making_rules_, serving_rules_;
  TimePoint opened_at_{}, begun_at_{};
  Duration pause_{};
  Error last_error_{Fault::timeout, "no association yet"};

  mutable std::mutex mutex_;
  std::optional<Joinable> current_;
  std::vector<Waiting> waiting_;
};

}  // namespace louver::role
