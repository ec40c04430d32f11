#include "role/middlebox_association_link.h"

namespace louver::role {
namespace {
constexpr std::size_t early_most = limits::hello_bytes + limits::association_bytes_before_verified;
}

void MiddleboxAssociationLink::start(Household& household, SidedLinkPtr client, Station& station,
                                     std::unique_ptr<session::MiddleboxAssociation> engine, Callbacks callbacks,
                                     AssociationSeat seat) {
  std::shared_ptr<MiddleboxAssociationLink> made{
      new MiddleboxAssociationLink{household, station, std::move(engine), std::move(callbacks)}};
  client->change_owner(*made, Side::client);
  made->links_[slot(Side::client)] = std::move(client);
  made->bound(Side::client);
  made->seat_ = std::move(seat);
  household.move_in(made);
  made->timer_.expires_at(runtime::now() + station.limits.handshake_deadline, [&self = *made] {
    self.fail(Error{Fault::timeout, "no Hello in time"});
  });
  made->links_[slot(Side::client)]->link().resume_reading();
}

MiddleboxAssociationLink::MiddleboxAssociationLink(Household& household, Station& station,
                                                   std::unique_ptr<session::MiddleboxAssociation> engine,
                                                   Callbacks callbacks)
    : household_(household),
      station_(station),
      engine_(std::move(engine)),
      callbacks_(std::move(callbacks)),
      timer_(household.loop()) {}

MiddleboxAssociationLink::~MiddleboxAssociationLink() {
  if (registered_) station_.associations.remove(*engine_->record());
}

std::size_t MiddleboxAssociationLink::on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) {
  if (over_) return input.size();
  session::Outbound to_client;
  session::Outbound to_server;
  const auto consumed = engine_->receive(from, input, engine_now(), {to_client, to_server});
  carry(std::move(to_client), std::move(to_server), chunk);
  if (over_) return input.size();
  if (!consumed) {
    fail(consumed.error());
    return input.size();
  }
  note_record();
  if (!over_) set_timer();
  return *consumed;
}

void MiddleboxAssociationLink::carry(session::Outbound&& to_client, session::Outbound&& to_server,
                                     const runtime::ChunkRef& chunk) {
  if (!to_client.empty() && link(Side::client)) {
    link(Side::client)->link().write(std::move(to_client), chunk);
    if (link(Side::client)->link().above_high_water() && link(Side::server)) link(Side::server)->link().pause_reading();
  }
  if (to_server.empty()) return;
  if (link(Side::server)) {
    link(Side::server)->link().write(std::move(to_server), chunk);
    if (link(Side::server)->link().above_high_water()) link(Side::client)->link().pause_reading();
    return;
  }
  append(early_, to_server.flatten());
  if (early_.size() > early_most) {
    fail(Error{Fault::limit_exceeded, "too much for the next party before it was connected"});
  } else if (!connector_ && engine_->next_party()) {
    connect_on();
  }
}

/// The ends hear each other's Alive; a middlebox may hear nothing for as long as an association lives.
void MiddleboxAssociationLink::bound(Side side) {
  link(side)->link().limit_pending(limits::association_unread);
  link(side)->link().probe_when_idle(limits::association_silence);
}

void MiddleboxAssociationLink::connect_on() {
  const auto where = callbacks_.find_next(*engine_->next_party());
  if (!where) {
    fail(where.error());
    return;
  }
  connector_ =
      std::make_unique<runtime::Connector>(household_.loop(), station_.resolver, where->first, where->second,
                                           runtime::now() + station_.limits.connect_deadline,
                                           [this](Result<runtime::Socket> socket) { on_connected(std::move(socket)); });
}

void MiddleboxAssociationLink::on_connected(Result<runtime::Socket> socket) {
  if (over_) return;
  if (!socket) {
    fail(Error{Fault::next_hop_refused, socket.error().detail});
    return;
  }
  link(Side::server) =
      std::make_unique<SidedLink>(household_.loop(), *std::move(socket), *this, Side::server, station_.link_options);
  bound(Side::server);
  link(Side::server)->link().write(std::move(early_));
  early_ = {};
  link(Side::server)->link().resume_reading();
}

void MiddleboxAssociationLink::note_record() {
  if (engine_->record() != nullptr && !registered_) {
    const auto added = station_.associations.add(engine_->record());
    if (!added) {
      fail(added.error());
      return;
    }
    registered_ = true;
    log_keys(station_, *engine_->record());
    engine_->record()->set_speaker(
        [handle = household_.loop().handle(), weak = weak_from_this(), this](const wire::Blocked& blocked) {
          handle.post([weak, this, blocked] {
            if (weak.lock()) say_blocked(blocked);
          });
        });
  }
  if (engine_->complete() && seat_.handshake != nullptr) {
    seat_.handshake.reset();
    station_.counters.add(observe::Counter::associations_agreed);
    engine_->record()->audit().on_note([handle = household_.loop().handle(), weak = weak_from_this()] {
      handle.post([weak] {
        if (const auto self = std::static_pointer_cast<MiddleboxAssociationLink>(weak.lock())) self->carry_audit();
      });
    });
    carry_audit();  // what came before we listened
    const session::AssociationRecord& record = *engine_->record();
    station_.log.write(observe::Level::info, observe::Event::association_open,
                       {{"association", to_hex(record.id()).substr(0, 8)},
                        {"party", static_cast<std::int64_t>(raw(record.self()))},
                        {"server", record.terms().name(record.terms().server())}});
    reconsider({});  // the rules may have changed while it was being agreed on
  }
}

void MiddleboxAssociationLink::say_blocked(const wire::Blocked& blocked) {
  if (over_) return;
  session::Outbound to_client;
  session::Outbound to_server;
  const auto said = engine_->say_blocked(blocked, {to_client, to_server});
  carry(std::move(to_client), std::move(to_server), nullptr);
  if (!said) fail(said.error());
}

void MiddleboxAssociationLink::carry_audit() {
  if (over_) return;
  session::Outbound to_client;
  session::Outbound to_server;
  const auto carried = engine_->carry_audit(engine_now(), {to_client, to_server});
  carry(std::move(to_client), std::move(to_server), nullptr);
  if (!carried) fail(carried.error());
}

void MiddleboxAssociationLink::set_timer() {
  const TimePoint when = engine_->deadline();
  if (when == TimePoint::max()) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(when, [this] {
    const auto fine = engine_->on_deadline(engine_now());
    if (!fine) {
      fail(fine.error());
    } else {
      set_timer();
    }
  });
}

void MiddleboxAssociationLink::on_drained(Side to) {
  const SidedLinkPtr& source = link(opposite(to));
  if (source) source->link().resume_reading();
}

void MiddleboxAssociationLink::on_end(Side from) {
  fail(Error{engine_->closed() ? Fault::closed : Fault::connection_lost,
             std::string{"the "} + name_of(from) + "'s side ended the association's connection"});
}

void MiddleboxAssociationLink::on_broken(Side from, const Error& error) {
  fail(Error{Fault::connection_lost, std::string{"the "} + name_of(from) + "'s side: " + error.detail});
}

void MiddleboxAssociationLink::fail(const Error& error) {
  if (over_) return;
  over_ = true;
  station_.counters.add(engine_->complete() ? observe::Counter::associations_ended
                                            : observe::Counter::associations_failed);
  timer_.cancel();
  connector_.reset();
  session::Outbound to_client;
  session::Outbound to_server;
  const bool orderly = error.fault == Fault::closed;
  if (orderly) {
    engine_->record()->end(Alert::revoked);
  } else {
    engine_->fail(error, {to_client, to_server});
    station_.log.write(observe::Level::warn, observe::Event::association_fail,
                       {{"party", static_cast<std::int64_t>(raw(engine_->self()))},
                        {"alert", alert_text(error, engine_->peer_alert())},
                        {"fault", describe(error)}});
  }
  for (Side side : {Side::client, Side::server}) {
    if (!link(side) || !link(side)->link().is_open()) continue;
    session::Outbound& out = side == Side::client ? to_client : to_server;
    if (!out.empty()) link(side)->link().write(std::move(out), nullptr);
    link(side)->link().close_when_written(last_words);
  }
  household_.move_out(*this);
}

void MiddleboxAssociationLink::drain() { close(0, static_cast<std::uint32_t>(station_.limits.drain_deadline.count())); }

void MiddleboxAssociationLink::close(std::uint8_t code, std::uint32_t drain_ms) {
  if (over_ || !engine_->complete()) return;
  session::Outbound to_client;
  session::Outbound to_server;
  const auto closed = engine_->close(code, drain_ms, engine_now(), {to_client, to_server});
  carry(std::move(to_client), std::move(to_server), nullptr);
  if (!closed) return fail(closed.error());
  set_timer();
}

void MiddleboxAssociationLink::reconsider(const Reconsider& change) {
  if (over_ || !engine_->complete()) return;
  if (const auto allowed = callbacks_.allowed(*engine_->record()); !allowed) {
    station_.log.write(observe::Level::warn, observe::Event::association_end,
                       {{"association", to_hex(engine_->record()->id()).substr(0, 8)},
                        {"alert", std::string{name_of(Alert::revoked)}},
                        {"fault", describe(allowed.error())}});
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(change.drain).count();
    return close(static_cast<std::uint8_t>(Alert::revoked), static_cast<std::uint32_t>(ms));
  }
  if (change.renew && !engine_->closed()) close(0, wire::drain_by_themselves);
}

void MiddleboxAssociationLink::abort() { fail(Error{Fault::revoked, "the process ends"}); }

}  // namespace louver::role
