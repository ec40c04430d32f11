#include "role/session_link.h"

#include "wire/join.h"

namespace louver::role {
namespace {

/// For what comes after the user has left: every exchange was answered, so only ends can be meant.
class Discard final : public session::PartSink {
  Result<> on_part(const session::Part&) override { return Error{Fault::record_order, "a part after the last answer"}; }
};

}  // namespace

SessionLink::SessionLink(Household& household, Station& station, std::shared_ptr<session::AssociationRecord> record,
                         SessionNumber number, std::unique_ptr<session::EndpointSession> engine)
    : household_(household),
      station_(station),
      number_(number),
      engine_(std::move(engine)),
      audit_(record, number),
      timer_(household.loop()),
      watch_(household.loop(), std::move(record), [this](const Error& error) { fail(error); }),
      quiet_(household.loop(), [this] { engine_->rest(); }) {
  station_.counters.add(observe::Counter::sessions_started);
}

Result<std::shared_ptr<SessionLink>> SessionLink::join(Household& household, Station& station,
                                                       std::shared_ptr<session::AssociationRecord> record,
                                                       const runtime::Endpoint& first_party,
                                                       const session::ProfileTraits& profile, SessionUser& user,
                                                       std::optional<runtime::Socket> connection) {
  SessionNumber number{};
  std::unique_ptr<session::EndpointSession> engine;
  LOUVER_ASSIGN(const Buffer join,
                record->make_join(runtime::wall_now(), number, [&](const session::KeySource& keys) -> Result<> {
                  if (const auto kept = keep_audit_secrets(station, keys, *record); !kept) return kept.error();
                  LOUVER_ASSIGN(engine, session::EndpointSession::make(keys, profile, station.limits.idle_deadline,
                                                                       runtime::now()));
                  return {};
                }));
  std::shared_ptr<SessionLink> made{new SessionLink{household, station, std::move(record), number, std::move(engine)}};
  station.counters.add(observe::Counter::joins_accepted);
  made->user_ = &user;
  made->arm_timer();
  made->out_.append(join);
  household.move_in(made);
  if (connection) {
    household.loop().post([made, socket = *std::move(connection)]() mutable { made->on_connected(std::move(socket)); });
    return made;
  }
  made->connector_ = std::make_unique<runtime::Connector>(
      household.loop(), station.resolver, first_party, runtime::ConnectOptions{.allow_private = true},
      runtime::now() + station.limits.connect_deadline,
      [self = made.get()](Result<runtime::Socket> socket) { self->on_connected(std::move(socket)); });
  return made;
}

std::shared_ptr<SessionLink> SessionLink::take(Household& household, SidedLinkPtr link, Station& station,
                                               std::shared_ptr<session::AssociationRecord> record, SessionNumber number,
                                               std::unique_ptr<session::EndpointSession> engine) {
  std::shared_ptr<SessionLink> made{new SessionLink{household, station, std::move(record), number, std::move(engine)}};
  link->change_owner(*made, Side::client);
  made->link_ = std::move(link);
  household.move_in(made);
  return made;
}

void SessionLink::start(SessionUser& user) {
  if (over_) {
    user.on_session_lost(Error{Fault::closed, "the session was over before it was served"});
    return;
  }
  user_ = &user;
  arm_timer();
  link_->link().resume_reading();
}

void SessionLink::on_connected(Result<runtime::Socket> socket) {
  if (over_) return;
  if (!socket) {
    lose(Error{Fault::next_hop_refused, socket.error().detail});
    return;
  }
  link_ =
      std::make_unique<SidedLink>(household_.loop(), *std::move(socket), *this, Side::server, station_.link_options);
  const bool user_waits = was_high_;  // flush() goes by the link from here on
  flush();
  link_->link().resume_reading();
  if (user_waits && !above_high_water() && user_ != nullptr) user_->on_session_writable();
}

std::size_t SessionLink::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (over_ || (user_ == nullptr && !released_)) return input.size();
  static Discard discard;
  session::PartSink& sink = user_ != nullptr ? static_cast<session::PartSink&>(*user_) : discard;
  const TimePoint now = runtime::now();
  quiet_.moved(now);
  const auto consumed = engine_->receive(input, sink, now);
  if (consumed) station_.counters.add_octets(is_client() ? Direction::s2c : Direction::c2s, *consumed);
  audit_.carry(engine_->audit_book());
  if (over_) return input.size();
  if (!consumed) {
    fail(consumed.error());
    return input.size();
  }
  const auto self = shared_from_this();
  if (user_ != nullptr && !user_->after_parts() && !over_) {
    paused_ = true;
    link_->link().pause_reading();
  }
  if (over_) return input.size();
  tell_path_end();
  if (!over_) arm_timer();
  return *consumed;
}

void SessionLink::tell_path_end() {
  if (told_path_end_ || !engine_->received_end()) return;
  told_path_end_ = true;
  if (user_ != nullptr) user_->on_path_end(!engine_->ended_within_message());
  close_if_done();
}

Result<> SessionLink::send(const session::Part& part) {
  if (over_) return Error{Fault::closed, "the session is over"};
  const TimePoint now = runtime::now();
  quiet_.moved(now);
  return engine_->send(part, out_, now);
}

void SessionLink::finish() {
  if (over_ || engine_->sent_end()) return;
  const auto finished = engine_->finish(out_, runtime::now());
  if (!finished) {
    fail(finished.error());
    return;
  }
  flush();
  close_if_done();
}

void SessionLink::flush() {
  audit_.carry(engine_->audit_book());
  if (over_ || link_ == nullptr) {
    was_high_ = was_high_ || above_high_water();
    return;
  }
  if (!out_.empty()) {
    station_.counters.add_octets(is_client() ? Direction::c2s : Direction::s2c, out_.size());
    session::Outbound out = std::move(out_);
    out_ = {};
    const bool ends = engine_->received_end() && engine_->sent_end();
    link_->link().write(std::move(out), nullptr, ends ? runtime::Then::end : runtime::Then::perhaps_more);
  }
  was_high_ = above_high_water();
  arm_timer();
}

bool SessionLink::above_high_water() const {
  if (link_ == nullptr) return out_.size() > station_.link_options.high_water_bytes;
  return link_->link().above_high_water();
}

void SessionLink::resume_parts() {
  if (over_ || !paused_) return;
  paused_ = false;
  link_->link().resume_reading();
}

void SessionLink::on_drained(Side) {
  was_high_ = false;
  if (!over_ && user_ != nullptr) user_->on_session_writable();
}

void SessionLink::on_end(Side) {
  const auto fine = engine_->on_connection_end();
  if (!fine) {
    fail(fine.error());
    return;
  }
  if (!engine_->sent_end()) fail(Error{Fault::truncated, "the path closed before our direction had ended"});
}

void SessionLink::on_broken(Side, const Error& error) {
  if (engine_->received_end() && engine_->sent_end()) {
    close_if_done();
    return;
  }
  lose(Error{Fault::connection_lost, error.detail});
}

void SessionLink::close_if_done() {
  if (over_ || !engine_->received_end() || !engine_->sent_end()) return;
  over_ = true;
  audit_.end(engine_->audit_book(), true);
  user_ = nullptr;
  timer_.cancel();
  if (link_ != nullptr && link_->link().is_open()) link_->link().close_when_written();
  station_.counters.add(observe::Counter::sessions_ended);
  station_.log.write(observe::Level::debug, observe::Event::session_end,
                     {{"session", static_cast<std::int64_t>(raw(number_))}});
  household_.move_out(*this);
}

void SessionLink::fail(const Error& error) {
  if (over_) return;
  if (link_ != nullptr && link_->link().is_open() && error.fault != Fault::peer_alert) {
    link_->link().write(wire::make_alert_frame(raw(record().self()), alert_for(error.fault)));
  }
  lose(error);
}

void SessionLink::lose(const Error& error) {
  if (over_) return;
  over_ = true;
  audit_.end(engine_->audit_book(), false);
  timer_.cancel();
  connector_.reset();
  if (link_ != nullptr && link_->link().is_open()) link_->link().close_when_written(last_words);
  station_.counters.add(observe::Counter::sessions_failed);
  if (error.fault == Fault::peer_alert && reported()) {
    station_.counters.add_alert_received(static_cast<std::uint8_t>(*reported()));
  } else {
    station_.counters.add_alert_sent(alert_for(error.fault));
  }
  station_.log.write(observe::Level::info, observe::Event::session_fail,
                     {{"association", to_hex(record().id()).substr(0, 8)},
                      {"session", static_cast<std::int64_t>(raw(number_))},
                      {"party", static_cast<std::int64_t>(raw(record().self()))},
                      {"alert", alert_text(error, reported())},
                      {"fault", describe(error)}});
  const auto self = shared_from_this();
  household_.move_out(*this);
  if (SessionUser* user = std::exchange(user_, nullptr)) user->on_session_lost(error);
}

void SessionLink::detach() {
  user_ = nullptr;
  if (over_) return;
  if (engine_->received_end() && engine_->sent_end()) {
    close_if_done();
  } else {
    fail(Error{Fault::truncated, "the application's connection ended first"});
  }
}

void SessionLink::detach_with(const Error& error) {
  user_ = nullptr;
  fail(error);
}

void SessionLink::release() {
  user_ = nullptr;
  released_ = true;
  if (!over_) close_if_done();
}

void SessionLink::arm_timer() {
  const TimePoint when = engine_->deadline();
  if (when == TimePoint::max()) return;
  if (!timer_.is_set()) timer_.expires_at(when, [this] { on_timer(); });
}

/// The deadline moves with every record; the timer is set anew only when it fires, not for each of them.
void SessionLink::on_timer() {
  if (over_) return;
  const auto fine = engine_->on_deadline(runtime::now());
  if (!fine) {
    fail(fine.error());
  } else {
    arm_timer();
  }
}

}  // namespace louver::role
