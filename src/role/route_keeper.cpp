#include "role/route_keeper.h"

#include <algorithm>
#include <iterator>

#include "config/discovery.h"
#include "config/policy.h"
#include "profile/registry.h"

namespace louver::role {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::seconds longest_pause{5};

Result<session::ClientOffer> offer_of(const config::Route& route, const session::ProfileTraits& profile,
                                      std::uint32_t max_record) {
  std::vector<config::GrantMatrix::Context> contexts;
  session::ClientOffer offer;
  std::uint8_t id = 1;
  for (const session::ContextTraits& context : profile.contexts) {
    contexts.push_back({std::string{context.name}, {(context.directions & 1) != 0, (context.directions & 2) != 0}});
    offer.contexts.push_back({id++, context.directions, wire::Opaque<1, 255>{context.name}});
  }
  LOUVER_ASSIGN(const config::GrantMatrix matrix, config::offer(route, contexts));
  for (std::size_t m = 0; m < route.middleboxes.size(); ++m) {
    const config::RouteMiddlebox& middlebox = route.middleboxes[m];
    offer.route.push_back({wire::Opaque<1, 255>{std::string_view{middlebox.name}}, middlebox.port});
    auto& row = offer.grants.emplace_back();
    for (std::size_t c = 0; c < contexts.size(); ++c)
      row.push_back({matrix.at(m, c, Direction::c2s), matrix.at(m, c, Direction::s2c)});
  }
  offer.route.push_back({wire::Opaque<1, 255>{std::string_view{route.server}}, route.port});
  for (crypto::SuiteId suite : route.suites) offer.suites.push_back(static_cast<std::uint16_t>(suite));
  offer.max_record = route.max_record.value_or(max_record);
  offer.profile = std::string{profile.name};
  return offer;
}

}  // namespace

Result<std::unique_ptr<RouteKeeper>> RouteKeeper::make(const config::Route& route, const Credentials& credentials,
                                                       Station& station) {
  const session::ProfileTraits* profile = profile::find_profile(config::name_of(route.profile));
  if (profile == nullptr) return Error{Fault::configuration, route.place + ": unknown profile"};
  LOUVER_ASSIGN(session::ClientOffer offer, offer_of(route, *profile, station.limits.max_record));
  LOUVER_ASSIGN(runtime::Endpoint first, runtime::Endpoint::make(route.connect.address, route.connect.port));
  session::EndpointChannels channels;
  LOUVER_ASSIGN(channels.end_to_end, credentials.tls_client(tls::ChannelKind::end_to_end, true, route.require_hybrid));
  LOUVER_ASSIGN(channels.middlebox, credentials.tls_client(tls::ChannelKind::client_side, false, route.require_hybrid));
  return std::unique_ptr<RouteKeeper>{
      new RouteKeeper{route, std::move(first), *profile, std::move(offer), std::move(channels), station}};
}

RouteKeeper::RouteKeeper(const config::Route& route, runtime::Endpoint first_party,
                         const session::ProfileTraits& profile, session::ClientOffer offer,
                         session::EndpointChannels channels, Station& station)
    : route_(route),
      first_party_(std::move(first_party)),
      profile_(&profile),
      offer_(std::move(offer)),
      channels_(std::move(channels)),
      station_(station) {}

void RouteKeeper::start(Household& household) {
  household_ = &household;
  timer_ = std::make_unique<runtime::Timer>(household.loop());
  wait_timer_ = std::make_unique<runtime::Timer>(household.loop());
  begin();
}

Result<> RouteKeeper::approve(const session::Terms& terms, const std::vector<session::PartyReport>&) {
  return config::check_accepted(extended_ ? *extended_ : route_, config::matrix_of(terms));
}

void RouteKeeper::begin() {
  if (making_ != nullptr || connector_ != nullptr || station_.draining) return;
  connector_ = std::make_unique<runtime::Connector>(
      household_->loop(), station_.resolver, first_party_, runtime::ConnectOptions{.allow_private = true},
      runtime::now() + station_.limits.connect_deadline,
      [this](Result<runtime::Socket> socket) { on_connected(std::move(socket)); });
}

void RouteKeeper::on_connected(Result<runtime::Socket> socket) {
  connector_.reset();
  if (!socket) return retry(socket.error());
  auto offer = extended_ ? offer_of(*extended_, *profile_, station_.limits.max_record) : Result{offer_};
  if (!offer) return retry(offer.error());
  auto engine =
      session::ClientAssociation::make(*offer, channels_, *this, station_.random, station_.limits.handshake_deadline);
  if (!engine) return retry(engine.error());
  session::Outbound first;
  if (const auto started = (*engine)->start(engine_now(), first); !started) return retry(started.error());
  auto self = std::make_shared<std::weak_ptr<AssociationLink>>();
  AssociationLink::Callbacks callbacks;
  callbacks.on_open = [this, self] { on_open(self->lock()); };
  callbacks.on_over = [this, self](const Error& error) { on_over(self->lock().get(), error); };
  struct Nobody final : LinkOwner {  // until prepare() names the owner; the link is paused
    std::size_t on_bytes(Side, MutableBytes, const runtime::ChunkRef&) override { return 0; }
    void on_end(Side) override {}
    void on_broken(Side, const Error&) override {}
    void on_drained(Side) override {}
  };
  static Nobody nobody;
  auto link =
      std::make_unique<SidedLink>(household_->loop(), *std::move(socket), nobody, Side::server, station_.link_options);
  making_ = AssociationLink::prepare(*household_, std::move(link), Side::server, station_, *std::move(engine),
                                     std::move(callbacks));
  *self = making_;
  making_->start(std::move(first));
}

void RouteKeeper::on_open(const std::shared_ptr<AssociationLink>& association) {
  station_.log.write(observe::Level::info, observe::Event::association_open,
                     {{"route", route_.name},
                      {"association", to_hex(association->record()->id()).substr(0, 8)},
                      {"middleboxes", static_cast<std::int64_t>(association->record()->terms().middleboxes())}});
  std::shared_ptr<AssociationLink> old = std::exchange(serving_, std::exchange(making_, nullptr));
  pause_ = {};
  forget_announced();
  tell(serving_->record());
  timer_->expires_at(runtime::now() + route_.renew, [this] { begin(); });
  if (old != nullptr) retire(old);
}

/// "the client sends it at the earliest 10 s after its last JOIN of that association, so that it overtakes none"
void RouteKeeper::retire(const std::shared_ptr<AssociationLink>& old) { old->close_after(limits::close_grace); }

void RouteKeeper::on_over(const AssociationLink* association, const Error& error) {
  if (association == nullptr) return;
  const bool was_serving = serving_.get() == association;
  const bool was_making = making_.get() == association;
  if (!was_serving && !was_making) return;
  if (error.fault != Fault::closed) {
    station_.log.write(
        observe::Level::warn, observe::Event::association_fail,
        {{"route", route_.name}, {"alert", alert_text(error, association->reported())}, {"fault", describe(error)}});
  }
  const bool refused = association->refused_by_policy() || error.fault == Fault::grant_refused;
  if (was_making) {
    if (start_afresh(*association)) return;
    making_.reset();
    forget_announced();
    tell_failure(refused ? Error{Fault::grant_refused, error.detail}
                         : error);  // another try would need another answer of somebody
  }
  if (was_serving) {
    serving_.reset();
    tell(nullptr);
  }
  retry(error);
}

/// A listed middlebox has announced itself to the association that was being made: the next try has it in its route.
/// Nothing of that is kept for later ones. docs/protocol.md §10
bool RouteKeeper::start_afresh(const AssociationLink& association) {
  const auto& announce = association.announcement();
  if (!announce) return false;
  auto extended = fresh_starts_ < config::fresh_starts_most
                      ? config::admit_announced(extended_ ? *extended_ : route_, *announce)
                      : Result<config::Route>{Error{Fault::announced, "after three fresh starts there is no other"}};
  station_.log.write(extended ? observe::Level::info : observe::Level::warn,
                     extended ? observe::Event::discovery_taken : observe::Event::discovery_refused,
                     {{"route", route_.name},
                      {"announced", printable(announce->party.name.text())},
                      {"position", static_cast<std::int64_t>(announce->position)},
                      {"why", extended ? std::string{"listed"} : extended.error().detail}});
  if (!extended) return false;
  ++fresh_starts_;
  extended_ = *std::move(extended);
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
  if (station_.draining) return;
  if (connector_ == nullptr && making_ == nullptr) {
    pause_ = std::min<Duration>(pause_ == Duration{} ? first_pause : pause_ * 2, longest_pause);
    timer_->expires_at(runtime::now() + pause_, [this] { begin(); });
  }
}

std::shared_ptr<session::AssociationRecord> RouteKeeper::current() const {
  const std::lock_guard lock{mutex_};
  if (current_ != nullptr && current_->state() != session::AssociationRecord::State::open) return nullptr;
  return current_;
}

void RouteKeeper::tell(const std::shared_ptr<session::AssociationRecord>& record) {
  std::vector<Waiting> told;
  {
    const std::lock_guard lock{mutex_};
    current_ = record;
    if (record != nullptr) told.swap(waiting_);
  }
  for (Waiting& one : told) {
    one.loop.post([ready = std::move(one.ready), record] { ready(record); });
  }
}

void RouteKeeper::when_ready(runtime::LoopHandle loop, Ready ready) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({std::move(loop), std::move(ready), runtime::now() + station_.limits.handshake_deadline});
  }
  household_->loop().post([this] {
    if (const auto record = current()) {
      tell(record);
      return;
    }
    begin();
    expire_waiting();
  });
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
  household_->loop().post([this, id = record.id()] {
    if (serving_ != nullptr && serving_->record()->id() == id) serving_->abort();
  });
}

}  // namespace louver::role
