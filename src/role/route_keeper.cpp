#include "role/route_keeper.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/discovery.h"

namespace louver::role {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::seconds longest_pause{5};
/// An association that lived shorter than this counts as a failed try, so that a peer that ends each at once does not
/// make us run in circles.
constexpr std::chrono::seconds good_life{5};
/// The shortest time between two renewals that are made because certificates are about to expire.
constexpr std::chrono::seconds least_renewal{5};

struct Nobody final : LinkOwner {  // until prepare() names the owner; the link is paused
  std::size_t on_bytes(Side, MutableBytes, const runtime::ChunkRef&) override { return 0; }
  void on_end(Side) override {}
  void on_broken(Side, const Error&) override {}
  void on_drained(Side) override {}
};

}  // namespace

RouteKeeper::RouteKeeper(std::shared_ptr<const RouteRules> rules, std::string user, Household& household,
                         Station& station)
    : rules_(std::move(rules)),
      user_(std::move(user)),
      household_(household),
      station_(station),
      early_(household.loop(), station) {}

void RouteKeeper::start() {
  timer_ = std::make_unique<runtime::Timer>(household_.loop());
  wait_timer_ = std::make_unique<runtime::Timer>(household_.loop());
  begin();
}

void RouteKeeper::adopt(std::shared_ptr<const RouteRules> rules) {
  const bool same = rules != nullptr && rules_ != nullptr && rules->same_as(*rules_);
  if (same && extended_from_ == rules_) extended_from_ = rules;
  rules_ = std::move(rules);
  if (same) return;
  forget_announced();
  pause_ = {};
  connector_.reset();
  if (const auto making = std::exchange(making_, nullptr)) making->abort();
  if (serving_ != nullptr && !allows(*serving_->record())) tell(std::nullopt);
  if (rules_ == nullptr) {
    if (timer_ != nullptr) timer_->cancel();
    tell_failure(Error{Fault::next_hop_refused, "the route is gone from the configuration"});
  } else {
    begin();
  }
}

void RouteKeeper::renew() {
  pause_ = {};
  begin();
}

void RouteKeeper::give_up() {
  rules_ = nullptr;
  connector_.reset();
  timer_.reset();
  wait_timer_.reset();
  early_.drop();
  forget_announced();
  if (const auto making = std::exchange(making_, nullptr)) making->abort();
  tell(std::nullopt);
  tell_failure(Error{Fault::next_hop_refused, "the association was given up"});
  // As for a renewal: it overtakes no JOIN of whoever came in this very moment.
  if (const auto serving = std::exchange(serving_, nullptr)) serving->close_after(limits::close_grace);
}

void RouteKeeper::stop() {
  connector_.reset();
  timer_.reset();
  wait_timer_.reset();
  early_.drop();
  making_.reset();
  serving_.reset();
}

bool RouteKeeper::idle() const {
  const std::lock_guard lock{mutex_};
  return waiting_.empty() && (!current_ || current_->record->watched() == 0);
}

Result<> RouteKeeper::approve(const session::Terms& terms, const std::vector<session::PartyReport>&) {
  if (rules_ == nullptr) return Error{Fault::grant_refused, "the route is gone from the configuration"};
  return making_rules_->approve(terms);
}

Result<> RouteKeeper::allows(const session::AssociationRecord& record) const {
  if (rules_ == nullptr) return Error{Fault::revoked, "the route is gone from the configuration"};
  auto allowed = rules_->allows(record);
  if (allowed || extended_from_ != rules_) return allowed;
  for (const auto& rules : {making_rules_, serving_rules_}) {  // with middleboxes that announced themselves
    if (rules != nullptr && rules->allows(record)) return {};
  }
  return allowed;
}

void RouteKeeper::begin() {
  if (timer_ == nullptr || rules_ == nullptr || making_ != nullptr || connector_ != nullptr || station_.draining)
    return;
  if (!rules_->refused().empty()) {
    last_error_ = Error{Fault::grant_refused, rules_->refused()};
    return tell_failure(last_error_);
  }
  timer_->cancel();
  begun_at_ = runtime::now();
  making_rules_ = extended_ ? extended_ : rules_;
  connector_ = std::make_unique<runtime::Connector>(
      household_.loop(), station_.resolver, rules_->first_party(), runtime::ConnectOptions{.allow_private = true},
      runtime::now() + station_.limits.connect_deadline,
      [this](Result<runtime::Socket> socket) { on_connected(std::move(socket)); });
}

AssociationLink::Callbacks RouteKeeper::callbacks_for(
    const std::shared_ptr<std::weak_ptr<AssociationLink>>& association) {
  AssociationLink::Callbacks callbacks;
  callbacks.keep = shared_from_this();  // the association may outlive this keeper's use
  callbacks.on_record = [this, association] {
    const auto link = association->lock();
    if (link == nullptr) return;
    if (const auto added = station_.associations.add(link->record()); !added) link->abort();  // for reports
  };
  callbacks.on_open = [this, association] { on_open(association->lock()); };
  callbacks.on_closing = [this, association] { on_closing(association->lock().get()); };
  callbacks.on_over = [this, association](const Error& error) {
    const auto link = association->lock();
    if (link == nullptr) return;
    if (link->record() != nullptr) station_.associations.remove(*link->record());
    on_over(link.get(), error);
  };
  callbacks.allowed = [this](const session::AssociationRecord& record) { return allows(record); };
  return callbacks;
}

void RouteKeeper::on_connected(Result<runtime::Socket> socket) {
  connector_.reset();
  if (!socket) return retry(socket.error());
  auto engine = session::ClientAssociation::make(making_rules_->offer(), making_rules_->channels(), *this,
                                                 station_.random, station_.limits.handshake_deadline);
  if (!engine) return retry(engine.error());
  session::Outbound first;
  if (const auto started = (*engine)->start(engine_now(), first); !started) return retry(started.error());
  station_.counters.add(observe::Counter::associations_started);
  static Nobody nobody;
  auto link =
      std::make_unique<SidedLink>(household_.loop(), *std::move(socket), nobody, Side::server, station_.link_options);
  auto self = std::make_shared<std::weak_ptr<AssociationLink>>();
  making_ = AssociationLink::prepare(household_, std::move(link), Side::server, station_, *std::move(engine),
                                     callbacks_for(self));
  *self = making_;
  making_->start(std::move(first));
}

void RouteKeeper::on_open(const std::shared_ptr<AssociationLink>& association) {
  if (association == nullptr || association != making_) return;
  station_.log.write(observe::Level::info, observe::Event::association_open,
                     {{"route", making_rules_->route().name},
                      {"user", user_},
                      {"association", to_hex(association->record()->id()).substr(0, 8)},
                      {"middleboxes", static_cast<std::int64_t>(association->record()->terms().middleboxes())}});
  const std::shared_ptr<AssociationLink> old = std::exchange(serving_, std::exchange(making_, nullptr));
  serving_rules_ = making_rules_;
  opened_at_ = runtime::now();
  forget_announced();
  tell(Joinable{serving_->record(), serving_rules_});
  set_renewal();
  // "the client sends it at the earliest 10 s after its last JOIN of that association, so that it overtakes none"
  if (old != nullptr) old->close_after(limits::close_grace);
}

/// Ahead of its age, and ahead of its certificates' end: the parties may have newer ones by then.
void RouteKeeper::set_renewal() {
  Duration wait = serving_rules_->route().renew;
  const WallTime expires = serving_->record()->expires();
  if (expires != WallTime::max()) {
    const auto left = std::chrono::duration_cast<Duration>((expires - runtime::wall_now()) / 4 * 3);
    wait = std::min<Duration>(wait, std::max<Duration>(left, least_renewal));
  }
  timer_->expires_at(runtime::now() + wait, [this] { begin(); });
}

/// The server or a middlebox has closed it (or we have, for the rules' sake): new sessions need another.
void RouteKeeper::on_closing(const AssociationLink* association) {
  if (association == nullptr || association != serving_.get()) return;
  tell(std::nullopt);
  if (runtime::now() - opened_at_ >= good_life) {
    pause_ = {};
    begin();
  } else {
    retry(Error{Fault::closed, "the association was closed at once"});
  }
}

void RouteKeeper::log_failure(const AssociationLink& association, const Error& error) {
  if (error.fault == Fault::closed) return;
  const std::string route = rules_ == nullptr ? "" : rules_->route().name;
  station_.log.write(observe::Level::warn, observe::Event::association_fail,
                     {{"route", route},
                      {"user", user_},
                      {"alert", alert_text(error, association.reported())},
                      {"fault", describe(error)}});
}

void RouteKeeper::on_over(const AssociationLink* association, const Error& error) {
  const bool was_serving = serving_.get() == association;
  const bool was_making = making_.get() == association;
  if (!was_serving && !was_making) return;
  log_failure(*association, error);
  if (was_making) {
    if (start_afresh(*association)) return;
    const bool refused = association->refused_by_policy() || error.fault == Fault::grant_refused;
    making_.reset();
    forget_announced();
    tell_failure(refused ? Error{Fault::grant_refused, error.detail}
                         : error);  // another try would need another answer of somebody
  }
  if (was_serving) {
    if (runtime::now() - opened_at_ >= good_life) pause_ = {};
    serving_.reset();
    tell(std::nullopt);
  }
  retry(error);
}

/// A listed middlebox has announced itself to the association that was being made: the next try has it in its route.
/// Nothing of that is kept for later ones. docs/protocol.md §10
bool RouteKeeper::start_afresh(const AssociationLink& association) {
  const auto& announce = association.announcement();
  if (!announce || rules_ == nullptr) return false;
  auto extended = fresh_starts_ < config::fresh_starts_most
                      ? (extended_ ? extended_ : rules_)->with_announced(*announce)
                      : Error{Fault::announced, "after three fresh starts there is no other"};
  station_.log.write(extended ? observe::Level::info : observe::Level::warn,
                     extended ? observe::Event::discovery_taken : observe::Event::discovery_refused,
                     {{"route", rules_->route().name},
                      {"announced", printable(announce->party.name.text())},
                      {"position", static_cast<std::int64_t>(announce->position)},
                      {"why", extended ? std::string{"listed"} : extended.error().detail}});
  if (!extended) return false;
  ++fresh_starts_;
  extended_ = *std::move(extended);
  extended_from_ = rules_;
  making_.reset();
  begin();
  return true;
}

void RouteKeeper::forget_announced() {
  extended_.reset();
  fresh_starts_ = 0;
}

void RouteKeeper::retry(const Error& error) {
  last_error_ = error;
  if (station_.draining || rules_ == nullptr) return;
  const bool has_one = serving_ != nullptr && serving_->open();
  if (connector_ == nullptr && making_ == nullptr) {
    pause_ = std::min<Duration>(pause_ == Duration{} ? first_pause : pause_ * 2, longest_pause);
    timer_->expires_at(runtime::now() + (has_one ? longest_pause : pause_), [this] { begin(); });
  }
}

std::optional<Joinable> RouteKeeper::current() const {
  const std::lock_guard lock{mutex_};
  if (current_ && current_->record->state() != session::AssociationRecord::State::open) return std::nullopt;
  return current_;
}

void RouteKeeper::tell(std::optional<Joinable> joinable) {
  std::vector<Waiting> told;
  {
    const std::lock_guard lock{mutex_};
    current_ = joinable;
    if (joinable) told.swap(waiting_);
  }
  for (Waiting& one : told) {
    one.loop.post([ready = std::move(one.ready), joinable] { ready(*joinable); });
  }
}

void RouteKeeper::when_ready(runtime::LoopHandle loop, Ready ready) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({std::move(loop), std::move(ready), runtime::now() + station_.limits.handshake_deadline});
  }
  household_.loop().post([this, self = shared_from_this()] {
    if (auto joinable = current()) {
      tell(std::move(joinable));
      return;
    }
    if (rules_ == nullptr) return tell_failure(Error{Fault::next_hop_refused, "the route is gone"});
    if (runtime::now() - begun_at_ >= first_pause) begin();  // else the next try is due soon
    if (connector_ != nullptr || making_ != nullptr) early_.begin(making_rules_->first_party());
    expire_waiting();
  });
}

std::optional<runtime::Socket> RouteKeeper::early_connection(const Joinable& joinable) {
  return early_.take(joinable.rules->first_party());
}

void RouteKeeper::tell_failure(const Error& error) {
  std::vector<Waiting> told;
  {
    const std::lock_guard lock{mutex_};
    told.swap(waiting_);
  }
  for (Waiting& one : told) {
    one.loop.post([ready = std::move(one.ready), error] { ready(error); });
  }
}

/// Those who have waited long enough hear the last reason.
void RouteKeeper::expire_waiting() {
  std::vector<Waiting> told;
  TimePoint next = TimePoint::max();
  {
    const std::lock_guard lock{mutex_};
    const TimePoint now = runtime::now();
    const auto late =
        std::partition(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return one.until > now; });
    std::move(late, waiting_.end(), std::back_inserter(told));
    waiting_.erase(late, waiting_.end());
    for (const Waiting& one : waiting_) next = std::min(next, one.until);
  }
  for (Waiting& one : told) {
    one.loop.post([ready = std::move(one.ready), error = last_error_] { ready(error); });
  }
  if (next != TimePoint::max()) wait_timer_->expires_at(next, [this] { expire_waiting(); });
}

void RouteKeeper::lost(const session::AssociationRecord& record) {
  {
    const std::lock_guard lock{mutex_};
    if (current_ && current_->record.get() == &record) current_.reset();
  }
  household_.loop().post([this, self = shared_from_this(), id = record.id()] {
    if (serving_ == nullptr || serving_->record()->id() != id || current()) return;
    // Its running sessions may know better than whoever said so: an alert is nobody's word.
    const auto old = std::exchange(serving_, nullptr);
    old->close_after(limits::close_grace);
    if (runtime::now() - opened_at_ >= good_life) {
      pause_ = {};
      begin();
    } else {
      retry(Error{Fault::unknown_association, "the path said that it does not know the association"});
    }
  });
}

void RouteKeeper::add_status(nlohmann::ordered_json& out) const {
  if (rules_ == nullptr) return;
  nlohmann::ordered_json route;
  route["name"] = rules_->route().name;
  route["user"] = user_;
  route["server"] = rules_->route().server;
  auto middleboxes = nlohmann::ordered_json::array();
  for (const config::RouteMiddlebox& one : rules_->route().middleboxes) middleboxes.push_back(one.name);
  route["middleboxes"] = std::move(middleboxes);
  if (const auto joinable = current()) {
    route["association"] = to_hex(joinable->record->id()).substr(0, 8);
    route["state"] = "ready";
  } else {
    route["state"] = making_ != nullptr || connector_ != nullptr ? "making" : "waiting";
    route["last_error"] = louver::describe(last_error_);
  }
  out.push_back(std::move(route));
}

}  // namespace louver::role
