#include "session/relay_session.h"

namespace louver::session {

/// What a writing filter emits: only its own context and direction, under the keys of the segment that begins here.
class RelaySession::Emitter final : public PartSink {
 public:
  Emitter(Way& way, ContextId context, Outbound& onward) : way_(way), context_(context), onward_(onward) {}
  Result<> on_part(const Part& part) override {
    if (part.context != context_ || part.direction != way_.direction) {
      return Error{Fault::filter_failed, "a filter emitted into another context than it was shown"};
    }
    return way_.sender.send(part, onward_);
  }

 private:
  Way& way_;
  ContextId context_;
  Outbound& onward_;
};

Result<std::unique_ptr<RelaySession>> RelaySession::make(const KeySource& keys, const ProfileTraits& profile,
                                                         Duration idle_deadline, TimePoint started) {
  std::unique_ptr<RelaySession> session{new RelaySession{keys, idle_deadline, started}};
  LOUVER_TRY(session->load(keys, profile));
  return session;
}

RelaySession::RelaySession(const KeySource& keys, Duration idle_deadline, TimePoint started)
    : plan_(&keys.plan()),
      self_(keys.self()),
      ledger_(std::make_unique<ExchangeLedger>()),
      answered_(keys.terms()),
      redactors_{ByContext<std::unique_ptr<Redactor>>{keys.terms()},
                 ByContext<std::unique_ptr<Redactor>>{keys.terms()}},
      idle_deadline_(idle_deadline),
      last_activity_(started) {}

Result<> RelaySession::load(const KeySource& keys, const ProfileTraits& profile) {
  for (Direction direction : both_directions) {
    LOUVER_ASSIGN(Receiver receiver, Receiver::make(keys, direction, profile, *ledger_));
    LOUVER_ASSIGN(Sender sender, Sender::make(keys, direction, profile));
    auto way = std::make_unique<Way>(keys.terms(), direction, std::move(receiver), std::move(sender));
    for (const ContextInfo& context : keys.terms().contexts()) {
      if (!context.has[slot(direction)]) continue;
      const Grant grant = keys.terms().grant(self_, context.id, direction);
      way->grants[context.id] = grant;
      way->writes = way->writes || grant == Grant::write;
      if (grant != Grant::redact) continue;
      const Segment* segment =
          plan_->segment_on_hop(context.id, direction, rank_of(self_, direction, plan_->middleboxes()));
      LOUVER_ASSIGN(Redactor redactor, Redactor::make(keys, *segment));
      redactors_[slot(direction)][context.id] = std::make_unique<Redactor>(std::move(redactor));
    }
    ways_.push_back(std::move(way));
  }
  return keys.terms().audits() ? audit(keys) : Result<>{};
}

Result<> RelaySession::audit(const KeySource& keys) {
  audit_ = std::make_unique<Audit>(Audit{{keys.session(), {}}});
  for (const auto& way : ways_) {
    auto& echoes = audit_->echoes[slot(way->direction)];
    LOUVER_TRY(way->receiver.audit(keys, audit_->book, &echoes));
    LOUVER_TRY(way->sender.audit(keys, audit_->book, &echoes));
  }
  return {};
}

Result<std::size_t> RelaySession::receive(Side from, MutableBytes input, RelayHandler& handler, TimePoint now,
                                          Outbound& onward) {
  Way& way = *ways_[slot(direction_from(from))];
  last_activity_ = now;
  return for_each_record(
      input, *plan_, alert_, [&](const wire::FrameView& frame) { return on_record(way, frame, handler, onward); },
      [&] { return !way.asked; });
}

Result<> RelaySession::on_record(Way& way, const wire::FrameView& frame, RelayHandler& handler, Outbound& onward) {
  LOUVER_ASSIGN(const AcceptedRecord record, way.receiver.accept(frame));
  if (way.direction == Direction::s2c && record.data() != nullptr && record.data()->eom()) note_answer(record);
  if (must_wait(way, record)) return wait(way, record);
  LOUVER_TRY(process(way, record, true, handler, onward));
  return release(way, handler, onward);
}

/// Which exchanges are over, so that a writer can tell how many are open. It goes by the headers: a false one the sink
/// finds.
void RelaySession::note_answer(const AcceptedRecord& record) {
  answered_[record.context()] = std::max(answered_[record.context()], raw(record.exchange()));
  std::uint32_t least = raw(record.exchange());
  for (const Flow& flow : plan_->flows(Direction::s2c)) {
    for (ContextId context : flow.contexts) least = std::min(least, answered_[context]);
  }
  ledger_->completed = std::max(ledger_->completed, least);
}

bool RelaySession::must_wait(const Way& way, const AcceptedRecord& record) const {
  const bool same_context_waits =
      std::ranges::any_of(way.waiting, [&](const Waiting& one) { return one.record.context() == record.context(); });
  // "FIN records do not count for the order on the hop": one that ends here puts nothing out.
  if (record.fin() && way.receiver.is_sink(record)) return same_context_waits;
  return way.held ? record.context() != *way.held : !way.waiting.empty();
}

/// "A receiver that gets parts in another order keeps them within its limit, then limit_exceeded."
Result<> RelaySession::wait(Way& way, const AcceptedRecord& record) {
  way.waiting_bytes += record.whole().size();
  if (way.waiting.size() == limits::held_frames || way.waiting_bytes > limits::held_bytes) {
    return Error{Fault::limit_exceeded, "too much waits behind a record that a filter holds"};
  }
  Buffer copy = to_buffer(record.whole());
  LOUVER_ASSIGN(const AcceptedRecord moved, way.receiver.moved(record, copy));
  way.waiting.push_back({std::move(copy), moved});
  return {};
}

/// Puts out what waits, oldest first; while a filter holds a context, only that context's records move.
Result<> RelaySession::release(Way& way, RelayHandler& handler, Outbound& onward) {
  if (way.receiver.sunk_all())
    way.held.reset();  // what is held belongs to a message that will never end: its exchange is incomplete
  while (!way.asked && !way.waiting.empty()) {
    auto next = way.waiting.begin();
    if (way.held) {
      next = std::ranges::find_if(way.waiting, [&](const Waiting& one) { return one.record.context() == *way.held; });
      if (next == way.waiting.end()) return {};
    }
    Waiting one = std::move(*next);
    way.waiting.erase(next);
    way.waiting_bytes -= one.frame.size();
    LOUVER_TRY(process(way, one.record, false, handler, onward));
  }
  return way.asked ? Result<>{} : finish_if_ended(way, onward);
}

/// The octets of a record that a filter has not decided on are kept here, so that its input can be given back. What
/// comes behind it stays with the caller: this is where a slow filter slows the sender.
Result<> RelaySession::ask(Way& way, const AcceptedRecord& record, const Part& part) {
  Buffer copy = to_buffer(record.whole());
  LOUVER_ASSIGN(const AcceptedRecord moved, way.receiver.moved(record, copy));
  way.asked.emplace(Asked{std::move(copy), to_buffer(part.bytes), moved, part});
  way.asked->part.bytes = way.asked->plaintext;
  return {};
}

Result<> RelaySession::resume(Side from, RelayHandler& handler, TimePoint now, Outbound& onward) {
  Way& way = *ways_[slot(direction_from(from))];
  if (!way.asked) return {};
  last_activity_ = now;
  const Part& part = way.asked->part;
  const Grant grant = way.grants[part.context];
  Emitter emitter{way, part.context, onward};
  LOUVER_ASSIGN(const Verdict verdict, handler.on_answer(part, grant, grant == Grant::write ? &emitter : nullptr));
  if (verdict == Verdict::later) return {};
  const Asked asked = *std::exchange(way.asked, std::nullopt);
  LOUVER_TRY(grant == Grant::write ? settle_write(way, asked.part, verdict, onward)
                                   : settle_read(way, asked.record, asked.part, verdict, false, onward));
  return release(way, handler, onward);
}

Result<> RelaySession::process(Way& way, const AcceptedRecord& record, bool in_input, RelayHandler& handler,
                               Outbound& onward) {
  const Grant grant = way.grants[record.context()];
  if (grant == Grant::write) return relay_write(way, record, handler, onward);
  if (is_reader(grant)) return relay_read(way, record, in_input, handler, onward);
  return pass(way, record, in_input, onward);
}

Result<> RelaySession::pass(Way& way, const AcceptedRecord& record, bool in_input, Outbound& onward) {
  if (const DataView* data = record.data()) {
    LOUVER_TRY(way.sender.stamp(*data));
  } else {
    LOUVER_TRY(way.sender.stamp(*record.redacted()));
  }
  if (in_input) {
    onward.forward(record.whole());
  } else {
    onward.append(record.whole());
  }
  return {};
}

Result<> RelaySession::relay_read(Way& way, const AcceptedRecord& record, bool in_input, RelayHandler& handler,
                                  Outbound& onward) {
  const std::size_t octets = record.data() != nullptr ? record.data()->ciphertext.size() : 0;
  if (scratch_.size() < octets) scratch_.resize(octets);
  LOUVER_ASSIGN(const std::optional<Part> part, way.receiver.open(record, scratch_));
  if (!part) {
    way.receiver.bear_witness(record);
    return pass(way, record, in_input, onward);
  }
  LOUVER_ASSIGN(const Verdict verdict, handler.on_part(*part, way.grants[part->context], nullptr));
  if (verdict == Verdict::later) return ask(way, record, *part);
  return settle_read(way, record, *part, verdict, in_input, onward);
}

Result<> RelaySession::settle_read(Way& way, const AcceptedRecord& record, const Part& part, Verdict verdict,
                                   bool in_input, Outbound& onward) {
  const bool has_content = record.data() != nullptr && !part.bytes.empty();
  if (verdict == Verdict::redact && way.grants[part.context] == Grant::redact && has_content)
    return put_tombstone(way, record, onward);
  if (verdict != Verdict::pass) return Error{Fault::filter_failed, "a filter asked for more than its grant lets it do"};
  way.receiver.bear_witness(record);
  return pass(way, record, in_input, onward);
}

Result<> RelaySession::put_tombstone(Way& way, const AcceptedRecord& record, Outbound& onward) {
  const Redactor& redactor = *redactors_[slot(way.direction)][record.context()];
  const MutableBytes frame = onward.extend(redactor.frame_octets());
  return way.sender.stamp(redactor.redact(*record.data(), record.seq(), frame));
}

Result<> RelaySession::relay_write(Way& way, const AcceptedRecord& record, RelayHandler& handler, Outbound& onward) {
  const MutableBytes in_place = record.data() != nullptr ? record.data()->ciphertext : MutableBytes{};
  LOUVER_ASSIGN(std::optional<Part> part, way.receiver.open(record, in_place));
  if (!part) return {};  // a FIN, or padding: this party makes its own
  Emitter emitter{way, part->context, onward};
  LOUVER_ASSIGN(const Verdict verdict, handler.on_part(*part, Grant::write, &emitter));
  if (verdict == Verdict::later) return ask(way, record, *part);
  return settle_write(way, *part, verdict, onward);
}

Result<> RelaySession::settle_write(Way& way, Part part, Verdict verdict, Outbound& onward) {
  switch (verdict) {
    case Verdict::pass:
      way.held.reset();
      if (part.redacted) {
        const Buffer filler(part.redacted_bytes, std::byte{'x'});
        part.redacted = false;
        part.bytes = filler;
        return way.sender.send(part, onward);
      }
      return way.sender.send(part, onward);
    case Verdict::replaced:
      way.held.reset();
      return {};
    case Verdict::hold:
      if (part.end) return Error{Fault::filter_failed, "a filter holds a message that has ended"};
      way.held = part.context;
      return {};
    case Verdict::redact:
    case Verdict::later:
      break;
  }
  return Error{Fault::filter_failed, "a writer does not redact, it writes"};
}

/// "A writer sends FIN only after it has verified FIN on every flow that ends at it."
Result<> RelaySession::finish_if_ended(Way& way, Outbound& onward) {
  if (!way.writes || way.sender.finished() || !way.receiver.sunk_all()) return {};
  return way.sender.finish(onward);
}

bool RelaySession::ended(Side from) const {
  const Way& way = *ways_[slot(direction_from(from))];
  return way.receiver.ended_all() && way.waiting.empty() && !way.held && !way.asked &&
         (!way.writes || way.sender.finished());
}

Result<> RelaySession::on_connection_end(Side from) const {
  if (!ended(from))
    return Error{Fault::truncated, std::string{"the connection from the "} + name_of(from) +
                                       "'s side ended before every flow had its FIN"};
  return {};
}

Result<> RelaySession::on_deadline(TimePoint now) const {
  if (now < deadline()) return {};
  return Error{Fault::timeout, "nothing moved in the session"};
}

void RelaySession::rest() {
  for (const auto& way : ways_) {
    way->receiver.rest();
    way->sender.rest();
  }
  for (const auto& redactors : redactors_) {
    for (const auto& redactor : redactors) {
      if (redactor != nullptr) redactor->rest();
    }
  }
  scratch_ = {};
}

}  // namespace louver::session
