#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "role/association_link.h"
#include "role/credentials.h"
#include "session/client_association.h"
#include "session/profile_traits.h"

namespace louver::role {

/// Keeps one association of a route ready: made before it is needed, renewed ahead of its age, made again when it is
/// lost. Lives on one loop; current() and when_ready() are for any thread. docs/protocol.md §7, §8
class RouteKeeper final : public session::EndpointPolicy {
 public:
  /// @fault configuration: the route's grants or middleboxes break a rule
  static Result<std::unique_ptr<RouteKeeper>> make(const config::Route& route, const Credentials& credentials,
                                                   Station& station);
  RouteKeeper(const RouteKeeper&) = delete;
  RouteKeeper& operator=(const RouteKeeper&) = delete;

  /// On the loop that it will live on.
  void start(Household& household);
  const config::Route& route() const { return route_; }
  const session::ProfileTraits& profile() const { return *profile_; }
  const runtime::Endpoint& first_party() const { return first_party_; }

  /// The association that new sessions join, or null while there is none.
  std::shared_ptr<session::AssociationRecord> current() const;
  /// Calls back on `loop` when there is an association, or with why there is none after the handshake deadline.
  using Ready = std::function<void(Result<std::shared_ptr<session::AssociationRecord>>)>;
  void when_ready(runtime::LoopHandle loop, Ready ready);
  /// Somebody was told that this association does not exist (any more): it is given up.
  void lost(const session::AssociationRecord& record);

 private:
  RouteKeeper(const config::Route& route, runtime::Endpoint first_party, const session::ProfileTraits& profile,
              session::ClientOffer offer, session::EndpointChannels channels, Station& station);
  Result<> approve(const session::Terms& terms, const std::vector<session::PartyReport>& parties) override;
  void begin();
  void on_connected(Result<runtime::Socket> socket);
  void on_open(const std::shared_ptr<AssociationLink>& association);
  void on_over(const AssociationLink* association, const Error& error);
  bool start_afresh(const AssociationLink& association);
  void forget_announced();
  void retry(const Error& error);
  void tell(const std::shared_ptr<session::AssociationRecord>& record);
  void tell_failure(const Error& error);
  void expire_waiting();
  void retire(const std::shared_ptr<AssociationLink>& old);

  struct Waiting {
    runtime::LoopHandle loop;
    Ready ready;
    TimePoint until;
  };

  const config::Route& route_;
  runtime::Endpoint first_party_;
  const session::ProfileTraits* profile_;
  session::ClientOffer offer_;
  session::EndpointChannels channels_;
  Station& station_;
  Household* household_ = nullptr;
  std::unique_ptr<runtime::Connector> connector_;
  std::unique_ptr<runtime::Timer> timer_;       // renewal, or the next try
  std::unique_ptr<runtime::Timer> wait_timer_;  // of those who wait
  std::shared_ptr<AssociationLink> making_, serving_;
  std::optional<config::Route> extended_;  // with middleboxes that announced themselves to the one being made
  unsigned fresh_starts_ = 0;
  Duration pause_{};
  Error last_error_{Fault::timeout, "no association yet"};

  mutable std::mutex mutex_;
  std::shared_ptr<session::AssociationRecord> current_;
  std::vector<Waiting> waiting_;
};

}  // namespace louver::role
