#include "role/middlebox_session_link.h"

#include "wire/join.h"

namespace louver::role {

void MiddleboxSessionLink::start(Household& household, SidedLinkPtr client, Station& station, Parts parts) {
  std::shared_ptr<MiddleboxSessionLink> made{new MiddleboxSessionLink{household, station, std::move(parts)}};
  client->change_owner(*made, Side::client);
  // The link is paused: the data behind the JOIN waits in it until there is somewhere for it to go.
  made->links_[slot(Side::client)] = std::move(client);
  household.move_in(made);
  made->arm_timer();
  made->connector_ = std::make_unique<runtime::Connector>(
      household.loop(), station.resolver, *made->parts_.next, made->parts_.connect,
      runtime::now() + station.limits.connect_deadline,
      [self = made.get()](Result<runtime::Socket> socket) { self->on_connected(std::move(socket)); });
}

MiddleboxSessionLink::MiddleboxSessionLink(Household& household, Station& station, Parts parts)
    : household_(household),
      station_(station),
      parts_(std::move(parts)),
      audit_(parts_.record, parts_.number),
      timer_(household.loop()),
      watch_(household.loop(), parts_.record, [this](const Error& error) { fail(error); }),
      quiet_(household.loop(), [this] { parts_.relay->rest(); }) {
  parts_.recall->attach([this](Direction direction) { resume(direction); });
  station_.counters.add(observe::Counter::sessions_started);
}

void MiddleboxSessionLink::on_connected(Result<runtime::Socket> socket) {
  if (over_) return;
  if (!socket) {
    fail(Error{Fault::next_hop_refused, socket.error().detail});
    return;
  }
  link(Side::server) =
      std::make_unique<SidedLink>(household_.loop(), *std::move(socket), *this, Side::server, station_.link_options);
  // What came behind the JOIN is brought by the resumed link at once, and goes on with it in one packet.
  if (link(Side::client)->link().buffered_bytes() == 0) pass_join();
  link(Side::client)->link().resume_reading();
  link(Side::server)->link().resume_reading();
  arm_timer();
}

void MiddleboxSessionLink::pass_join() {
  if (!parts_.join.empty()) link(Side::server)->link().write(std::exchange(parts_.join, {}));
}

std::size_t MiddleboxSessionLink::on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) {
  if (over_) return input.size();
  session::Outbound onward;
  if (from == Side::client && !parts_.join.empty()) onward.append(std::exchange(parts_.join, {}));
  const TimePoint now = runtime::now();
  quiet_.moved(now);
  const auto consumed = parts_.relay->receive(from, input, *parts_.filters, now, onward);
  audit_.carry(parts_.relay->audit_book());
  runtime::Link& to = link(opposite(from))->link();
  if (!onward.empty()) to.write(std::move(onward), chunk, follows());
  if (!consumed) {
    fail(consumed.error());
    return input.size();
  }
  station_.counters.add_octets(from == Side::client ? Direction::c2s : Direction::s2c, *consumed);
  if (to.above_high_water() || parts_.relay->stalled(from)) link(from)->link().pause_reading();
  arm_timer();
  close_if_done();
  return *consumed;
}

/// A filter's engine has answered.
void MiddleboxSessionLink::resume(Direction direction) {
  const Side from = side_from(direction);
  if (over_ || !parts_.relay->stalled(from)) return;
  session::Outbound onward;
  const TimePoint now = runtime::now();
  quiet_.moved(now);
  const auto fine = parts_.relay->resume(from, *parts_.filters, now, onward);
  audit_.carry(parts_.relay->audit_book());
  runtime::Link& to = link(opposite(from))->link();
  if (!onward.empty()) to.write(std::move(onward), {}, follows());
  if (!fine) return fail(fine.error());
  if (!parts_.relay->stalled(from) && !to.above_high_water()) link(from)->link().resume_reading();
  arm_timer();
  close_if_done();
}

void MiddleboxSessionLink::on_drained(Side to) {
  if (over_ || !link(opposite(to)) || parts_.relay->stalled(opposite(to))) return;
  link(opposite(to))->link().resume_reading();
}

void MiddleboxSessionLink::on_end(Side from) {
  const auto fine = parts_.relay->on_connection_end(from);
  if (!fine) {
    fail(fine.error());
  } else if (!parts_.relay->ended(opposite(from))) {
    fail(Error{Fault::truncated,
               std::string{"the "} + name_of(from) + "'s side closed before the other direction had ended"});
  }
}

void MiddleboxSessionLink::on_broken(Side from, const Error& error) {
  fail(Error{Fault::connection_lost, std::string{"the "} + name_of(from) + "'s side: " + error.detail});
}

void MiddleboxSessionLink::close_if_done() {
  if (over_ || !done()) return;
  over_ = true;
  audit_.end(parts_.relay->audit_book(), true);
  timer_.cancel();
  for (SidedLinkPtr& one : links_) one->link().close_when_written();
  station_.counters.add(observe::Counter::sessions_ended);
  station_.log.write(observe::Level::debug, observe::Event::session_end,
                     {{"session", static_cast<std::int64_t>(raw(parts_.number))}});
  household_.move_out(*this);
}

void MiddleboxSessionLink::fail(const Error& error) {
  if (over_) return;
  over_ = true;
  audit_.end(parts_.relay->audit_book(), false);
  timer_.cancel();
  connector_.reset();
  if (parts_.filters->blocked()) {
    wire::Blocked blocked = *parts_.filters->blocked();
    blocked.session = raw(parts_.number);
    parts_.record->say_blocked(blocked);
  }
  // An alert of one side goes on to the other under its own party number; one of ours goes to both.
  const auto& heard = parts_.relay->alert();
  const Buffer alert = heard ? wire::make_alert_frame(heard->party, static_cast<Alert>(heard->code))
                             : wire::make_alert_frame(raw(parts_.record->self()), alert_for(error.fault));
  if (link(Side::server)) pass_join();  // an alert says nothing without it
  for (SidedLinkPtr& one : links_) {
    if (!one || !one->link().is_open()) continue;
    one->link().write(alert);
    one->link().close_when_written(last_words);
  }
  station_.counters.add(observe::Counter::sessions_failed);
  if (heard) {
    station_.counters.add_alert_received(heard->code);
  } else {
    station_.counters.add_alert_sent(alert_for(error.fault));
  }
  station_.log.write(
      observe::Level::info, observe::Event::session_fail,
      {{"association", to_hex(parts_.record->id()).substr(0, 8)},
       {"session", static_cast<std::int64_t>(raw(parts_.number))},
       {"party", static_cast<std::int64_t>(raw(parts_.record->self()))},
       {"alert", alert_text(error, heard ? std::optional{static_cast<Alert>(heard->code)} : std::nullopt)},
       {"fault", describe(error)}});
  household_.move_out(*this);
}

void MiddleboxSessionLink::arm_timer() {
  const TimePoint when = parts_.relay->deadline();
  if (timer_.is_set() || when == TimePoint::max()) return;
  timer_.expires_at(when, [this] {
    const auto fine = parts_.relay->on_deadline(runtime::now());
    if (!fine) {
      fail(fine.error());
    } else {
      arm_timer();
    }
  });
}

}  // namespace louver::role
