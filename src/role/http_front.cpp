#include "role/http_front.h"

#include "role/contexts.h"

namespace louver::role {

using profile::http1::AgentDecision;
using profile::http1::FailureAnswer;

namespace {

/// How long a request waits before it is sent again, the first time and later ones; then the user is told.
constexpr std::array<std::chrono::milliseconds, 3> resend_pauses{
    {std::chrono::milliseconds{10}, std::chrono::milliseconds{200}, std::chrono::milliseconds{1000}}};

/// The ids that every Hello of this agent gives to the contexts of http/1 that every session has: in the profile's
/// order, from 1.
profile::http1::ContextIds own_ids() {
  return {ContextId{1}, ContextId{2}, ContextId{3}, ContextId{4}, ContextId{5}, ContextId{6}};
}

profile::http1::SessionPlan plan_of(const RouteRules& rules, RandomSource& random) {
  return {.bind_target = rules.route().bind_target,
          .fields = rules.fields(),
          .random = &random,
          .trailers = rules.trailers()};
}

/// What the user reads when a session fails before his answer began. Alerts of the path are nobody's word, so they are
/// not named.
HttpFront::Answer answer_for(Fault fault) {
  switch (fault) {
    case Fault::timeout:
      return {504, "The path to the server did not answer in time."};
    case Fault::blocked_by_policy:
    case Fault::grant_refused:
      return {403, "The path to the server is refused by policy."};
    case Fault::next_hop_refused:
      return {502, "The first party of the path cannot be reached. The request was not sent."};
    default:
      return {502,
              "The secure path broke before an answer came. Outcome unknown: the request may have been carried out or "
              "not; it was not sent again."};
  }
}

/// The same while there is no session yet.
HttpFront::Answer answer_before_session(Fault fault) {
  const bool told = fault == Fault::next_hop_refused || fault == Fault::timeout || fault == Fault::blocked_by_policy ||
                    fault == Fault::grant_refused;
  return told ? answer_for(fault)
              : HttpFront::Answer{502, "No secure path to the server could be agreed on. The request was not sent."};
}

/// Who stopped the message and why, in that middlebox's own authenticated words.
HttpFront::Answer blocked_answer(const session::AssociationRecord& record, const session::BlockedNote& note) {
  const session::Terms& terms = record.terms();
  std::string reason = "Blocked by " + terms.name(note.by);
  const auto party = std::ranges::find(record.parties(), note.by, &session::PartyReport::index);
  if (party != record.parties().end() && !party->describe.operator_name.bytes.empty())
    reason += " (" + printable(party->describe.operator_name.text(), 64) + ")";
  const session::ContextInfo& context = *terms.find_context(ContextId{note.what.context});
  reason += ", which both ends let look at " + context.name + ": " + note.what.reason.text();
  if (context.has[slot(Direction::s2c)]) reason += " (What the request asked for may have been carried out.)";
  return {403, std::move(reason)};
}

/// The verdict on one request is no answer to another that was waiting before it, or behind it (HT-06).
HttpFront::Answer answer_beside(const session::BlockedNote& note, Exchange due, const HttpFront::Answer& about_it) {
  if (note.what.exchange == raw(due)) return about_it;
  return {502,
          "Another request of this connection was stopped on the way, and the path with it. Outcome unknown: this "
          "request may have been carried out or not; it was not sent again."};
}

}  // namespace

Result<> HttpFront::Inward::on_part(const session::Part& part) {
  if (owner_.session_ == nullptr) return Error{Fault::closed, "no session"};
  return owner_.session_->send(part);
}

void HttpFront::start(Household& household, Station& station, const HttpFrontSetting& setting,
                      runtime::WrappedSocket socket, runtime::ConnectionUser user) {
  std::shared_ptr<HttpFront> made{new HttpFront{household, station, setting, user}};
  made->link_ = std::make_unique<SidedLink>(household.loop(), std::move(socket.socket), *made, Side::client,
                                            station.link_options);
  if (socket.tls != nullptr) made->link_->link().wrap(std::move(socket.tls));
  household.move_in(made);
  made->begin();
}

void HttpFront::start(Household& household, Station& station, const HttpFrontSetting& setting, SidedLinkPtr link,
                      runtime::ConnectionUser user) {
  std::shared_ptr<HttpFront> made{new HttpFront{household, station, setting, user}};
  link->change_owner(*made, Side::client);
  made->link_ = std::move(link);
  household.move_in(made);
  made->begin();
}

void HttpFront::begin() {
  codec_ = std::make_unique<profile::http1::AgentCodec>(setting_.options, own_ids(), *this, inward_);
  used_ = runtime::now();
  on_quiet();
  link_->link().resume_reading();
}

/// A connection without a request, or with half a head of one, is waited for as long as an idle session. Who still has
/// an answer to read may take his time.
void HttpFront::on_quiet() {
  if (over_) return;
  const TimePoint now = runtime::now();
  const bool busy = codec_->open_exchanges() != 0 || waiting_ || verdict_ != nullptr || !link_->link().is_delivered();
  if (busy) used_ = now;
  const TimePoint until = used_ + station_.limits.idle_deadline;
  if (now >= until) return close();
  quiet_timer_.expires_at(until, [this] { on_quiet(); });
}

HttpFront::HttpFront(Household& household, Station& station, const HttpFrontSetting& setting,
                     runtime::ConnectionUser user)
    : household_(household),
      station_(station),
      setting_(setting),
      user_(user),
      inward_(*this),
      quiet_timer_(household.loop()) {}

std::size_t HttpFront::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (over_) return input.size();
  return take(input);
}

std::size_t HttpFront::take(MutableBytes input) {
  const bool begins = !std::exchange(begun_, !input.empty());
  const auto used = codec_->from_application(input);
  if (over_) return input.size();
  if (begins || (used && *used != 0)) used_ = runtime::now();
  if (used && *used == input.size()) begun_ = false;
  if (!used) {
    give_up_session(used.error());
    flush();
    return input.size();
  }
  flush();
  if (over_) return input.size();
  const bool stalled = *used == 0 && input.size() > setting_.options.limits.head_bytes;
  if (waiting_ || verdict_ != nullptr || !codec_->wants_input() || stalled ||
      (session_ != nullptr && session_->above_high_water()))
    link_->link().pause_reading();
  return *used;
}

AgentDecision HttpFront::on_request(const profile::http1::RequestTarget& request) {
  std::string_view host = request.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (draining_) return AgentDecision::refuse(503, "The agent is shutting down.");
  if (const auto admitted = setting_.admit(user_, link_->link().remote_address().ip);
      !admitted)  // a reload may have withdrawn it
    return AgentDecision::refuse(403, admitted.error().detail);
  const auto listed = [&](const config::Authority& one) { return one.matches(host, request.port); };
  if (!setting_.hosts.empty() && std::ranges::none_of(setting_.hosts, listed))
    return AgentDecision::refuse(421, "This listener does not answer for that host.");
  const auto route = setting_.route(user_, host, request.port);
  if (route) return use(*route);
  switch (route.error().fault) {
    case Fault::blocked_by_policy:
      return AgentDecision::refuse(403, "This agent does not let you use that route.");
    case Fault::limit_exceeded:
      return AgentDecision::refuse(503, "The agent serves as many users as it may.");
    default:
      return AgentDecision::refuse(502, "No route is configured for that host.");
  }
}

AgentDecision HttpFront::use(const std::shared_ptr<RouteKeeper>& route) {
  if (session_ != nullptr && route_ == route) {
    resends_ = 0;
    return AgentDecision::accept();
  }
  if (codec_->open_exchanges() != 0) return AgentDecision::wait();  // answers of the other session are still due
  if (session_ != nullptr) end_session();
  route_ = route;
  resends_ = 0;
  if (const auto joinable = route->current()) {
    const auto joined = join(*joinable);
    if (!joined && joined.error().fault == Fault::limit_exceeded)
      return AgentDecision::refuse(503, "The agent has as many sessions as it may have.");
    if (joined && codec_->start_session(plan_of(*joinable->rules, station_.random))) return AgentDecision::accept();
    give_up_session(Error{Fault::internal_error, "no session"});
    return AgentDecision::refuse(502, "The secure path takes no new session now.");
  }
  if (!waiting_) {
    waiting_ = true;
    route->when_ready(household_.loop().handle(), [weak = weak_from_this(), this](const Result<Joinable>& joinable) {
      if (weak.lock()) on_route_ready(joinable);
    });
  }
  return AgentDecision::wait();
}

Result<> HttpFront::join(const Joinable& joinable) {
  LOUVER_ASSIGN(auto seat, session_seat(station_, *joinable.record));
  LOUVER_ASSIGN(session_, SessionLink::join(household_, station_, joinable.record, joinable.rules->first_party(),
                                            joinable.rules->profile(), *this, route_->early_connection(joinable)));
  counted_ = std::move(seat);  // only now: without a session the connection takes none of the sessions there may be
  return {};
}

void HttpFront::on_route_ready(const Result<Joinable>& joinable) {
  waiting_ = false;
  if (over_) return;
  if (!joinable) {
    const Answer answer = answer_before_session(joinable.error().fault);
    const auto answered = codec_->answer_failure(answer.status, answer.reason);
    flush();
    if (answered == FailureAnswer::must_reset) reset();
    return;
  }
  continue_application();
}

/// Everything was answered: the session ends in order.
void HttpFront::end_session() {
  const auto session = std::exchange(session_, nullptr);
  counted_.reset();
  session->finish();
  session->release();
}

void HttpFront::give_up_session(const Error& error) {
  if (session_ == nullptr) return;
  const auto session = std::exchange(session_, nullptr);
  counted_.reset();
  session->detach_with(error);
  route_ = nullptr;
}

void HttpFront::flush() {
  if (over_) return;
  const bool open = codec_->open_exchanges() != 0;
  if (open || was_open_) used_ = runtime::now();
  was_open_ = open;
  if (session_ != nullptr) session_->flush();
  if (over_) return;
  if (!codec_->output().empty() && link_->link().is_open()) {
    const std::size_t size = codec_->output().size();
    link_->link().write(to_buffer(codec_->output()));
    codec_->output_taken(size);
  }
  if (codec_->wants_reset()) return reset();
  if (codec_->wants_close()) return close();
  if (codec_->output_ended() && !std::exchange(told_end_, true)) link_->link().shutdown_send();
  if (application_ended_ && codec_->open_exchanges() == 0) close();
}

bool HttpFront::after_parts() {
  flush();
  if (over_) return true;
  if (codec_->wants_input() || !waiting_) continue_application();
  return codec_->wants_parts() && !link_->link().above_high_water();
}

void HttpFront::continue_application() {
  if (over_ || waiting_ || verdict_ != nullptr || (session_ != nullptr && session_->above_high_water())) return;
  if (!codec_->wants_input()) {  // a decision is due on a head that was consumed: no octet need come for it
    household_.loop().post([weak = weak_from_this(), this] {
      if (weak.lock() && !over_ && !waiting_ && verdict_ == nullptr && !codec_->wants_input()) take({});
    });
  }
  if (link_->link().is_paused()) link_->link().resume_reading();
}

void HttpFront::on_drained(Side) {
  if (!over_ && session_ != nullptr && codec_->wants_parts()) session_->resume_parts();
}

void HttpFront::on_end(Side) {
  if (over_) return;
  const auto ended = codec_->application_closed();
  if (!ended) {
    give_up_session(ended.error());
    close();
    return;
  }
  application_ended_ = true;
  flush();
}

void HttpFront::on_broken(Side, const Error& error) {
  if (over_) return;
  give_up_session(Error{Fault::truncated, "the application's connection broke: " + error.detail});
  leave();
}

void HttpFront::on_path_end(bool whole) {
  if (over_) return;
  const auto answered = codec_->on_session_end(whole);
  if (session_ != nullptr) end_session();
  flush();
  if (!over_ && answered == FailureAnswer::must_reset) reset();
}

void HttpFront::on_session_lost(const Error& error) {
  if (over_) return;
  const auto session = std::exchange(session_, nullptr);
  const auto route = std::exchange(route_, nullptr);
  counted_.reset();
  if (session != nullptr && route != nullptr) {
    const bool unknown = error.fault == Fault::peer_alert && session->reported() == Alert::unknown_association;
    if (unknown || error.fault == Fault::next_hop_refused) route->lost(session->record());
    if (may_resend(error, *session)) return resend_later(route);
    const bool blocked = error.fault == Fault::peer_alert && session->reported() == Alert::blocked_by_policy;
    if (blocked && codec_->open_exchanges() != 0) return await_verdict(session, error.fault);
  }
  answer_failure(answer_for(error.fault));
  // With no answer due the connection lives on: its next request gets another session.
}

/// The middlebox that is said to have stopped the message says so itself, on another connection.
void HttpFront::await_verdict(const std::shared_ptr<SessionLink>& session, Fault fault) {
  link_->link().pause_reading();
  const auto record = session->association();
  verdict_ = std::make_unique<VerdictWait>(
      household_.loop(), record, session->number(),
      [this, record, fault](const std::optional<session::BlockedNote>& note) {
        const auto over = std::move(verdict_);  // this very call is in it
        answer_failure(note ? answer_beside(*note, codec_->first_open_exchange(), blocked_answer(*record, *note))
                            : answer_for(fault));
        if (!over_) continue_application();
      });
}

void HttpFront::answer_failure(const Answer& answer) {
  const auto answered = codec_->open_exchanges() == 0 ? FailureAnswer::nothing_open
                                                      : codec_->answer_failure(answer.status, answer.reason);
  flush();
  if (!over_ && answered == FailureAnswer::must_reset) reset();
}

/// Only where the path itself broke, and only what may be carried out twice or has certainly not been carried out: a
/// session that was never connected, or one that the server's own Close left out. docs/protocol.md §7
bool HttpFront::may_resend(const Error& error, const SessionLink& session) const {
  if (!setting_.resend || draining_ || application_ended_ || resends_ >= resend_pauses.size()) return false;
  const auto taken = session.record().taken_by_other_end();
  const bool not_taken = error.fault == Fault::next_hop_refused || (taken && raw(session.number()) > *taken);
  if (!codec_->can_resend(not_taken)) return false;
  switch (error.fault) {
    case Fault::next_hop_refused:
    case Fault::connection_lost:
    case Fault::truncated:
    case Fault::revoked:
      return true;
    case Fault::peer_alert:
      return session.reported() == Alert::unknown_association || session.reported() == Alert::revoked ||
             session.reported() == Alert::truncated || session.reported() == Alert::next_hop_refused;
    default:
      return false;
  }
}

void HttpFront::resend_later(std::shared_ptr<RouteKeeper> route) {
  route_ = std::move(route);
  if (resend_timer_ == nullptr) resend_timer_ = std::make_unique<runtime::Timer>(household_.loop());
  resend_timer_->expires_at(runtime::now() + resend_pauses[resends_++], [this] { resend(); });
}

void HttpFront::resend() {
  if (over_ || route_ == nullptr || session_ != nullptr) return;
  if (const auto joinable = route_->current()) return resend_in(*joinable);
  route_->when_ready(household_.loop().handle(), [weak = weak_from_this(), this](const Result<Joinable>& joinable) {
    if (weak.lock()) resend_in(joinable);
  });
}

void HttpFront::resend_in(const Result<Joinable>& joinable) {
  if (over_ || session_ != nullptr || route_ == nullptr) return;
  if (!joinable || !join(*joinable) || !codec_->resend(plan_of(*joinable->rules, station_.random))) {
    give_up_session(Error{Fault::truncated, "nothing to be sent again"});
    route_ = nullptr;
    return answer_failure(answer_for(Fault::connection_lost));
  }
  flush();
}

void HttpFront::close() {
  if (over_) return;
  if (session_ != nullptr) {
    if (codec_->open_exchanges() == 0) {
      end_session();
    } else {
      give_up_session(Error{Fault::truncated, "the application went away"});
    }
  }
  link_->link().close_when_written();
  leave();
}

/// An answer was cut off: the application must not take it for whole (HT-11).
void HttpFront::reset() {
  if (over_) return;
  link_->link().abort();
  give_up_session(Error{Fault::truncated, "the application's connection was reset"});
  leave();
}

void HttpFront::leave() {
  if (over_) return;
  over_ = true;
  if (resend_timer_ != nullptr) resend_timer_->cancel();
  quiet_timer_.cancel();
  household_.move_out(*this);
}

void HttpFront::drain() {
  draining_ = true;
  if (codec_->open_exchanges() == 0) close();
}

void HttpFront::abort() {
  if (over_) return;
  reset();
}

}  // namespace louver::role
