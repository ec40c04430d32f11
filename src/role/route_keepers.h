#pragma once

#include <map>

#include "role/route_keeper.h"
#include "runtime/connection_user.h"

namespace louver::role {

/// The keepers of an agent: one for each route and user, so that no two users' sessions share an association
/// (SECURITY JN-06). The agent's own user has his from the start; another gets one at his first use, which is given up
/// when he has had no session for the idle deadline, or earlier where room is needed. Lives on one loop; `of` is for
/// any thread.
class RouteKeepers {
 public:
  using AllRules = std::map<std::string, std::shared_ptr<const RouteRules>, std::less<>>;  // by the route's name
  /// Whether some listener lets that user on that route.
  using Serves = std::function<bool(const std::string& route, const runtime::ConnectionUser& user)>;

  /// @param own  whom the agent runs as
  RouteKeepers(Household& household, Station& station, runtime::ConnectionUser own);
  RouteKeepers(const RouteKeepers&) = delete;
  RouteKeepers& operator=(const RouteKeepers&) = delete;
  /// After the loops have stopped, and before they go.
  ~RouteKeepers();

  /// On the loop that it will live on, when that runs.
  void start();
  /// Goes by these rules from now on, for the keepers that are there and for those to come.
  void adopt(AllRules routes, Serves serves);
  void renew();
  void add_status(nlohmann::ordered_json& out) const;

  /// The keeper of that user on that route.
  /// @fault next_hop_refused   the route is gone
  /// @fault blocked_by_policy  no listener lets him there any more
  /// @fault limit_exceeded     as many users have associations as may have
  Result<std::shared_ptr<RouteKeeper>> of(std::string_view route, const runtime::ConnectionUser& user);

 private:
  struct Key {
    std::string route;
    runtime::ConnectionUser user;
    auto operator<=>(const Key&) const = default;
  };
  struct Kept {
    std::shared_ptr<RouteKeeper> keeper;
    TimePoint used{};
  };

  std::shared_ptr<RouteKeeper> make(const Key& key, std::shared_ptr<const RouteRules> rules);
  std::size_t others_most() const;
  bool make_room();
  void retire(std::shared_ptr<RouteKeeper> keeper);
  void give_up_retired();
  void give_up_idle();
  void set_timer();
  std::vector<std::shared_ptr<RouteKeeper>> all() const;

  Household& household_;
  Station& station_;
  const runtime::ConnectionUser own_;
  std::unique_ptr<runtime::Timer> timer_;

  mutable std::mutex mutex_;  // of what is below
  AllRules routes_;
  Serves serves_;
  std::map<Key, Kept> kept_;
  std::size_t others_ = 0;  // among them, not of the agent's own user
  std::vector<std::shared_ptr<RouteKeeper>> retired_;
  bool started_ = false;
};

}  // namespace louver::role
