#include "role/association_link.h"

namespace louver::role {

std::shared_ptr<AssociationLink> AssociationLink::prepare(Household& household, SidedLinkPtr link, Side towards_peer,
                                                          Station& station,
                                                          std::unique_ptr<session::EndpointAssociation> engine,
                                                          Callbacks callbacks) {
  std::shared_ptr<AssociationLink> made{
      new AssociationLink{household, station, std::move(engine), std::move(callbacks)}};
  link->change_owner(*made, towards_peer);
  made->link_ = std::move(link);
  made->link_->link().limit_pending(limits::association_unread);
  household.move_in(made);
  return made;
}

void AssociationLink::start(session::Outbound first) {
  // Until the engine has seen its first frame it knows no deadline of its own.
  timer_.expires_at(runtime::now() + station_.limits.handshake_deadline, [this] {
    fail(Error{Fault::timeout, "no agreement in time"});
  });
  if (!first.empty()) link_->link().write(std::move(first), nullptr);
  link_->link().resume_reading();
}

AssociationLink::AssociationLink(Household& household, Station& station,
                                 std::unique_ptr<session::EndpointAssociation> engine, Callbacks callbacks)
    : household_(household),
      station_(station),
      engine_(std::move(engine)),
      callbacks_(std::move(callbacks)),
      timer_(household.loop()),
      close_timer_(household.loop()) {}

std::size_t AssociationLink::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  session::Outbound out;
  const auto consumed = engine_->receive(input, engine_now(), out);
  if (!consumed) {
    if (!out.empty()) link_->link().write(std::move(out), nullptr);
    fail(consumed.error());
    return input.size();
  }
  after_engine(std::move(out));
  return *consumed;
}

void AssociationLink::after_engine(session::Outbound&& out) {
  if (!out.empty()) link_->link().write(std::move(out), nullptr);
  for (const session::BlockedNote& note : engine_->take_blocked()) log_blocked(note);
  const auto self = shared_from_this();  // a callback may end this association
  if (engine_->record() != nullptr && !told_record_) {
    told_record_ = true;
    log_keys(station_, *engine_->record());
    if (callbacks_.on_record) callbacks_.on_record();
  }
  if (engine_->complete() && !told_open_ && !over_) {
    told_open_ = true;
    station_.counters.add(observe::Counter::associations_agreed);
    if (callbacks_.on_open) callbacks_.on_open();
    reconsider({});  // the rules may have changed while it was being agreed on
  }
  if (engine_->closed() && !told_closing_ && !over_) {
    told_closing_ = true;
    if (callbacks_.on_closing) callbacks_.on_closing();
  }
  if (!over_ && engine_->audit() != nullptr) {
    begin_audit();
    log_audit();
  }
  if (!over_) set_timer();
}

void AssociationLink::log_blocked(const session::BlockedNote& note) {
  const session::Terms& terms = engine_->record()->terms();
  station_.log.write(observe::Level::info, observe::Event::filter_blocked,
                     {{"association", to_hex(engine_->record()->id()).substr(0, 8)},
                      {"session", static_cast<std::int64_t>(note.what.session)},
                      {"exchange", static_cast<std::int64_t>(note.what.exchange)},
                      {"context", terms.find_context(ContextId{note.what.context})->name},
                      {"by", terms.name(note.by)},
                      {"reason", note.what.reason.text()}});
}

/// Before the first session can be: the log has the association in front of all that is found in it.
void AssociationLink::begin_audit() {
  if (std::exchange(audit_begun_, true)) return;
  const std::shared_ptr<session::AssociationRecord>& its = engine_->record();
  if (station_.audit_log != nullptr) {
    const tls::Identity* own = engine_->identity();
    station_.audit_log->association(*its, own != nullptr ? own->names().front() : std::string{},
                                    own != nullptr ? own->certificates() : std::vector<Buffer>{}, runtime::wall_now());
  }
  its->audit().on_note([handle = household_.loop().handle(), weak = weak_from_this()] {
    handle.post([weak] {
      if (const auto self = std::static_pointer_cast<AssociationLink>(weak.lock())) self->carry_audit();
    });
  });
  household_.loop().post([weak = weak_from_this()] {  // what came before we listened
    if (const auto self = std::static_pointer_cast<AssociationLink>(weak.lock())) self->carry_audit();
  });
}

void AssociationLink::carry_audit() {
  if (over_) return;
  session::Outbound out;
  const auto carried = engine_->carry_audit(engine_now(), out);
  if (!carried) {
    fail(carried.error());
    return;
  }
  after_engine(std::move(out));
}

void AssociationLink::log_audit() {
  session::EndpointAudit& audit = *engine_->audit();
  for (const session::AuditEvent& event : audit.take_events()) {
    if (station_.audit_log != nullptr) station_.audit_log->event(*engine_->record(), event, runtime::wall_now());
  }
  const bool busy = !audit.idle() && !over_;
  if (busy != audit_counted_) {
    audit_counted_ = busy;
    busy ? ++station_.audits : --station_.audits;
  }
  if (!over_ && (station_.audit_log == nullptr || station_.audit_log->stopped()))
    fail(Error{Fault::limit_exceeded, "the audit log cannot be written"});
}

void AssociationLink::set_timer() {
  const TimePoint when = engine_->deadline();
  if (when == TimePoint::max()) {
    timer_.cancel();
  } else {
    timer_.expires_at(when, [this] { on_timer(); });
  }
}

void AssociationLink::on_timer() {
  session::Outbound out;
  const auto fine = engine_->on_deadline(engine_now(), out);
  if (!fine) {
    if (!out.empty()) link_->link().write(std::move(out), nullptr);
    fail(fine.error());
    return;
  }
  after_engine(std::move(out));
  // After a Close the connection stays for Alive while a session runs; then the endpoints close it.
  if (!over_ && engine_->closed() && engine_->record()->secrets_erased() && engine_->record()->watched() == 0 &&
      (engine_->audit() == nullptr || engine_->audit()->idle())) {
    over(Error{Fault::closed, "every session has ended after Close"});
  }
}

void AssociationLink::close(std::uint8_t code, std::uint32_t drain_ms) {
  if (over_ || !engine_->complete()) return;
  session::Outbound out;
  const auto closed = engine_->close(code, drain_ms, engine_now(), out);
  if (!closed) {
    fail(closed.error());
    return;
  }
  after_engine(std::move(out));
}

void AssociationLink::close_after(Duration time) {
  close_timer_.expires_at(runtime::now() + time, [this] { close(0, wire::drain_by_themselves); });
}

void AssociationLink::withdraw(const Error& why, Duration drain) {
  if (over_ || !engine_->complete()) return;
  station_.log.write(observe::Level::warn, observe::Event::association_end,
                     {{"association", to_hex(record()->id()).substr(0, 8)},
                      {"alert", std::string{name_of(Alert::revoked)}},
                      {"fault", describe(why)}});
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(drain).count();
  close(static_cast<std::uint8_t>(Alert::revoked), static_cast<std::uint32_t>(ms));
}

void AssociationLink::reconsider(const Reconsider& change) {
  if (over_ || !engine_->complete()) return;
  const auto self = shared_from_this();
  if (callbacks_.allowed) {
    if (const auto allowed = callbacks_.allowed(*record()); !allowed) return withdraw(allowed.error(), change.drain);
  }
  if (change.renew && !engine_->closed()) close(0, wire::drain_by_themselves);
}

void AssociationLink::on_end(Side) {
  const auto fine = engine_->on_connection_end();
  if (!fine) {
    fail(fine.error());
  } else {
    over(Error{Fault::closed, "the peer ended the connection after Close"});
  }
}

void AssociationLink::on_broken(Side, const Error& error) {
  session::Outbound unheard;
  engine_->fail(Error{Fault::connection_lost, error.detail}, unheard);
  over(Error{Fault::connection_lost, error.detail});
}

void AssociationLink::fail(const Error& error) {
  if (over_) return;
  session::Outbound out;
  engine_->fail(error, out);
  if (!out.empty()) link_->link().write(std::move(out), nullptr);
  over(error);
}

void AssociationLink::over(const Error& error) {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  close_timer_.cancel();
  if (link_->link().is_open()) link_->link().close_when_written(last_words);
  if (engine_->record() != nullptr) engine_->record()->end(alert_for(error.fault));
  station_.counters.add(told_open_ ? observe::Counter::associations_ended : observe::Counter::associations_failed);
  if (engine_->audit() != nullptr && audit_begun_) {
    engine_->audit()->finish();
    log_audit();
    if (station_.audit_log != nullptr) station_.audit_log->association_end(*engine_->record(), runtime::wall_now());
  }
  const auto self = shared_from_this();
  household_.move_out(*this);
  if (callbacks_.on_over) callbacks_.on_over(error);
}

void AssociationLink::drain() {
  close(static_cast<std::uint8_t>(0), static_cast<std::uint32_t>(station_.limits.drain_deadline.count()));
}

void AssociationLink::abort() {
  if (over_) return;
  fail(Error{Fault::revoked, "the process ends"});
}

}  // namespace louver::role
