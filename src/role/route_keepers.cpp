#include "role/route_keepers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace louver::role {
namespace {

/// Keepers of other users than the agent's own, for all routes together.
constexpr std::size_t most_of_others = 256;
/// An association and the one that takes its place.
constexpr std::size_t associations_for_each = 2;
/// From when somebody gets it until he has his first session.
constexpr std::chrono::seconds first_use{1};
constexpr std::chrono::milliseconds shortest_look{50};
constexpr std::chrono::seconds longest_look{30};

}  // namespace

RouteKeepers::RouteKeepers(Household& household, Station& station, runtime::ConnectionUser own)
    : household_(household), station_(station), own_(own) {}

RouteKeepers::~RouteKeepers() {
  for (const auto& keeper : retired_) keeper->stop();
  for (const auto& keeper : all()) keeper->stop();
}

void RouteKeepers::start() {
  timer_ = std::make_unique<runtime::Timer>(household_.loop());
  std::vector<std::shared_ptr<RouteKeeper>> present;
  {
    const std::lock_guard lock{mutex_};
    started_ = true;
    for (const auto& [key, kept] : kept_) present.push_back(kept.keeper);
  }
  for (const auto& keeper : present) keeper->start();
}

/// Under one lock, so that no thread makes a keeper by the rules of before after the present ones were told.
void RouteKeepers::adopt(AllRules routes, Serves serves) {
  std::vector<std::pair<std::shared_ptr<RouteKeeper>, std::shared_ptr<const RouteRules>>> told;
  std::vector<std::shared_ptr<RouteKeeper>> fresh;
  std::vector<std::shared_ptr<RouteKeeper>> gone;
  {
    const std::lock_guard lock{mutex_};
    routes_ = std::move(routes);
    serves_ = std::move(serves);
    for (auto it = kept_.begin(); it != kept_.end();) {
      const auto& [route, user] = it->first;
      const auto found = routes_.find(route);
      const bool stays = found != routes_.end() && serves_(route, user);
      told.emplace_back(it->second.keeper, stays ? found->second : nullptr);
      if (!stays && user != own_) {
        --others_;
        gone.push_back(std::move(it->second.keeper));
        it = kept_.erase(it);
      } else {
        ++it;
      }
    }
    for (const auto& [name, rules] : routes_) {
      if (kept_.contains({name, own_}) || !serves_(name, own_)) continue;
      fresh.push_back(make({name, own_}, rules));
    }
    if (!started_) fresh.clear();
  }
  for (const auto& [keeper, rules] : told) keeper->adopt(rules);
  for (const auto& keeper : gone) keeper->give_up();  // here: whoever holds it last may do so on another thread
  for (const auto& keeper : fresh) keeper->start();
}

std::shared_ptr<RouteKeeper> RouteKeepers::make(const Key& key, std::shared_ptr<const RouteRules> rules) {
  auto keeper = std::make_shared<RouteKeeper>(std::move(rules), to_string(key.user), household_, station_);
  kept_[key] = {keeper, runtime::now()};
  if (key.user != own_) ++others_;
  return keeper;
}

Result<std::shared_ptr<RouteKeeper>> RouteKeepers::of(std::string_view route, const runtime::ConnectionUser& user) {
  const std::lock_guard lock{mutex_};
  const auto found = routes_.find(route);
  if (found == routes_.end()) return Error{Fault::next_hop_refused, "the route is gone"};
  if (!serves_(found->first, user)) return Error{Fault::blocked_by_policy, "this user is not served any more"};
  if (const auto kept = kept_.find({found->first, user}); kept != kept_.end()) {
    kept->second.used = runtime::now();
    return kept->second.keeper;
  }
  if (others_ >= others_most() && !make_room())
    return Error{Fault::limit_exceeded, "as many users have associations as may have"};
  auto keeper = make({found->first, user}, found->second);
  household_.loop().post([this, keeper] {
    keeper->start();
    set_timer();
  });
  return keeper;
}

/// So many that the agent's own user always has his.
std::size_t RouteKeepers::others_most() const {
  const std::size_t all = station_.limits.associations / associations_for_each;
  return all <= routes_.size() ? 0 : std::min(most_of_others, all - routes_.size());
}

/// Gives up the one that was not used for longest, if there is one without sessions.
bool RouteKeepers::make_room() {
  const TimePoint now = runtime::now();
  auto oldest = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    const bool fresh = it->second.used + first_use > now;
    const bool may_go = !fresh && it->first.user != own_ && it->second.keeper->idle();
    if (may_go && (oldest == kept_.end() || it->second.used < oldest->second.used)) oldest = it;
  }
  if (oldest == kept_.end()) return false;
  retire(std::move(oldest->second.keeper));
  kept_.erase(oldest);
  --others_;
  return others_ < others_most();
}

/// Nobody new gets it from here on; what else is to be done is for its own loop.
void RouteKeepers::retire(std::shared_ptr<RouteKeeper> keeper) {
  retired_.push_back(std::move(keeper));
  household_.loop().post([this] { give_up_retired(); });
}

void RouteKeepers::give_up_retired() {
  std::vector<std::shared_ptr<RouteKeeper>> retired;
  {
    const std::lock_guard lock{mutex_};
    retired.swap(retired_);
  }
  for (const auto& keeper : retired) keeper->give_up();
}

void RouteKeepers::set_timer() {
  if (timer_ == nullptr || timer_->is_set()) return;
  const auto wait = std::clamp<Duration>(station_.limits.idle_deadline / 2, shortest_look, longest_look);
  timer_->expires_at(runtime::now() + wait, [this] { give_up_idle(); });
}

void RouteKeepers::give_up_idle() {
  {
    const std::lock_guard lock{mutex_};
    const TimePoint now = runtime::now();
    for (auto it = kept_.begin(); it != kept_.end();) {
      const bool idle = it->first.user != own_ && it->second.keeper->idle();
      if (!idle) {
        it->second.used = now;
        ++it;
      } else if (it->second.used + station_.limits.idle_deadline > now) {
        ++it;
      } else {
        retire(std::move(it->second.keeper));
        it = kept_.erase(it);
        --others_;
      }
    }
    if (others_ == 0) return;
  }
  set_timer();
}

std::vector<std::shared_ptr<RouteKeeper>> RouteKeepers::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::shared_ptr<RouteKeeper>> out;
  for (const auto& [key, kept] : kept_) out.push_back(kept.keeper);
  return out;
}

void RouteKeepers::renew() {
  for (const auto& keeper : all()) keeper->renew();
}

void RouteKeepers::add_status(nlohmann::ordered_json& out) const {
  for (const auto& keeper : all()) keeper->add_status(out);
}

}  // namespace louver::role
