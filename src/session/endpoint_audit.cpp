#include "session/endpoint_audit.h"

#include <algorithm>

#include "tls/signature.h"

namespace louver::session {
namespace {

/// They come ten minutes apart, and a JOIN within seconds.
constexpr std::uint32_t receipts_of_unknown_most = 2;

Error bad(const std::string& why) { return {Fault::bad_value, why}; }

/// Many messages in one piece: each piece is a TLS record.
class Batch {
 public:
  void add(const wire::Audit& value) { append(octets_, wire::make_message(value)); }
  bool empty() const { return octets_.empty(); }
  Buffer take() { return std::exchange(octets_, {}); }

 private:
  Buffer octets_;
};

}  // namespace

bool states_values(const Terms& terms, const PathPlan& plan, PartyIndex party) {
  for (Direction direction : both_directions) {
    for (const Segment& segment : plan.segments(direction)) {
      if (terms.audited(segment.context) && (segment.author == party || segment.sink == party)) return true;
    }
  }
  return false;
}

EndpointAudit::EndpointAudit(const AssociationRecord& record, const tls::Identity* identity)
    : record_(&record),
      is_client_(record.self() == PartyIndex{0}),
      anonymous_client_(is_client_ ? identity == nullptr : record.parties().front().certificates.empty()),
      reporter_(record, identity) {
  for (Direction direction : both_directions) {
    for (const Segment& segment : record.plan().segments(direction)) {
      if (record.terms().audited(segment.context)) segments_[slot(direction)][raw(segment.context)].push_back(&segment);
    }
  }
}

const std::vector<const Segment*>& EndpointAudit::segments(std::uint8_t context, Direction direction) const {
  static const std::vector<const Segment*> none;
  const auto found = segments_[slot(direction)].find(context);
  return found == segments_[slot(direction)].end() ? none : found->second;
}

/// Whether that party has anything to state there.
bool EndpointAudit::states(PartyIndex party, const AuditStream& stream) const {
  if (stream[0] > 1 || stream[2] > 2) return false;
  const auto& path = segments(stream[1], static_cast<Direction>(stream[0]));
  if (path.empty()) return false;
  switch (static_cast<AuditPlace>(stream[2])) {
    case AuditPlace::in:
      return std::ranges::find(path, party, &Segment::sink) != path.end();
    case AuditPlace::out:
      return std::ranges::find(path, party, &Segment::author) != path.end();
    case AuditPlace::end:
      return path.size() > 1 && (party == path.front()->author || party == path.back()->sink);
  }
  return false;
}

bool EndpointAudit::owes_receipts(PartyIndex party) const {
  if (party == PartyIndex{0} && anonymous_client_) return false;
  return states_values(record_->terms(), record_->plan(), party);
}

/// Session numbers that can be: at the server a value may overtake its JOIN.
Result<> EndpointAudit::check_session(std::uint64_t number) const {
  const std::uint64_t most = record_->last_join() + (is_client_ ? 0 : limits::audit_ahead);
  if (number == 0 || number > most) return bad("audit of session " + std::to_string(number) + ", which is not there");
  return {};
}

Result<> EndpointAudit::check(PartyIndex from, const wire::Audit& value) const {
  const std::string who = "party " + std::to_string(raw(from)) + ": ";
  if (value.direction != static_cast<std::uint8_t>(incoming())) return bad(who + "Audit of the other direction");
  if (!states(from, stream_of(value))) return bad(who + "Audit of a place that is not its own");
  const bool of_writer = value.out == static_cast<std::uint8_t>(AuditPlace::out) && !record_->terms().is_endpoint(from);
  if (value.changed > (of_writer ? 2 : 0)) return bad(who + "Audit with changed " + std::to_string(value.changed));
  if (value.redactor == 0) return {};
  const auto& path = segments(value.context, incoming());
  const auto sunk = std::ranges::find(path, from, &Segment::sink);
  const bool redacts = value.out == static_cast<std::uint8_t>(AuditPlace::in) && sunk != path.end() &&
                       std::ranges::find((*sunk)->redactors, PartyIndex{value.redactor}) != (*sunk)->redactors.end();
  if (!redacts) return bad(who + "Audit that names a redactor who cannot be one");
  return {};
}

Result<> EndpointAudit::count_late(PartyIndex from) {
  if (++late_[from] > limits::audit_late)
    return Error{Fault::limit_exceeded,
                 "party " + std::to_string(raw(from)) + ": too many values or receipts too late"};
  return {};
}

/// Of a session that has not joined here and perhaps never will: it is forgotten if it does not.
Result<EndpointAudit::Session*> EndpointAudit::make_unknown(SessionNumber number, PartyIndex from, TimePoint now) {
  if (unknown_ >= limits::audit_unreceived)
    return Error{Fault::limit_exceeded, "party " + std::to_string(raw(from)) + ": too many sessions that never joined"};
  ++unknown_;
  Session& session = sessions_[number];
  close_at(session, now + limits::handshake_deadline);
  return &session;
}

/// It has joined at this end.
void EndpointAudit::know(Session& session) {
  if (!std::exchange(session.known, true) && session.until != TimePoint::max()) --unknown_;
  if (!session.ended) session.until = TimePoint::max();
  std::ranges::move(session.unheard, std::back_inserter(events_));
  session.unheard.clear();
}

void EndpointAudit::tell(Session& session, AuditEvent event) {
  (session.known ? events_ : session.unheard).push_back(std::move(event));
}

Result<> EndpointAudit::on_value(PartyIndex from, Bytes body, TimePoint now) {
  LOUVER_ASSIGN(const wire::Audit value, wire::decode<wire::Audit>(body));
  LOUVER_TRY(check(from, value));
  LOUVER_TRY(check_session(value.session));
  return take(from, value, now);
}

Result<> EndpointAudit::take(PartyIndex from, const wire::Audit& value, TimePoint now) {
  const SessionNumber number{value.session};
  auto found = sessions_.find(number);
  if (found == sessions_.end()) {
    if (closed_.marked(value.session)) {
      LOUVER_TRY(count_late(from));
      events_.emplace_back(ValueLate{{from, value}});
      return {};
    }
    LOUVER_TRY(make_unknown(number, from, now));
    found = sessions_.find(number);
  }
  Session& session = found->second;
  if (std::ranges::find(session.signed_off, from) != session.signed_off.end())
    return Error{Fault::unexpected_message,
                 "party " + std::to_string(raw(from)) + ": an Audit behind the last receipt"};
  if (!session.chains[{from, stream_of(value)}].add(value))
    return Error{Fault::unexpected_message,
                 "party " + std::to_string(raw(from)) + ": an Audit twice, or behind a later one"};
  const Key key{value.context, value.exchange, value.message};
  const bool own = from == record_->self();
  const auto last = session.last_received.find(value.context);
  const bool judged =
      !own && last != session.last_received.end() && key <= last->second && !session.pending.contains(key);
  if (judged) {
    LOUVER_TRY(count_late(from));
    events_.emplace_back(ValueLate{{from, value}});
    return {};
  }
  Pending& pending = session.pending[key];
  pending.values.push_back({from, value});
  if (!own && !pending.received && ++unreceived_[from] > limits::audit_unreceived)
    return Error{Fault::limit_exceeded,
                 "party " + std::to_string(raw(from)) + ": values for too many messages that have not come"};
  if (own && value.out == static_cast<std::uint8_t>(AuditPlace::in)) {
    know(session);
    pending.received = true;
    session.last_received.insert_or_assign(value.context, key);
    for (const Attested& one : pending.values) {
      if (one.party != from) --unreceived_[one.party];
    }
    waiting_.push_back({now + limits::audit_wait, number, key});
  }
  judge_if_complete(number, session, key);
  while (waiting_.size() > limits::audit_pending) {  // sooner than after its time, and never better for it
    const Waiting oldest = waiting_.front();
    waiting_.pop_front();
    const auto its = sessions_.find(oldest.session);
    if (its == sessions_.end()) continue;
    if (auto node = its->second.pending.extract(oldest.key))
      emit(oldest.session, its->second, oldest.key, std::move(node.mapped()));
  }
  return {};
}

void EndpointAudit::judge_if_complete(SessionNumber number, Session& session, const Key& key) {
  const auto found = session.pending.find(key);
  if (found == session.pending.end() || !found->second.received) return;
  const Judgement judgement = judge(segments(key.context, incoming()), found->second.values, true);
  if (!judgement.missing.empty()) return;
  emit(number, session, key, std::move(session.pending.extract(found).mapped()));
}

void EndpointAudit::emit(SessionNumber number, Session& session, const Key& key, Pending&& pending) {
  if (!pending.received) {
    for (const Attested& one : pending.values) {
      if (one.party != record_->self()) --unreceived_[one.party];
    }
  }
  Judgement judgement = judge(segments(key.context, incoming()), pending.values, pending.received);
  tell(session, MessageJudged{number, Exchange{key.exchange}, key.message, ContextId{key.context}, incoming(),
                              std::move(judgement), std::move(pending.values)});
}

Result<> EndpointAudit::note(AuditOutbox::Taken taken, TimePoint now, const Send& send) {
  if (taken.lost != 0) events_.emplace_back(ValuesLost{taken.lost});
  Batch batch;
  for (AuditNote& note : taken.notes) {
    for (const wire::Audit& value : note.values) {
      reporter_.add(value, now);
      if (value.direction == static_cast<std::uint8_t>(incoming())) {
        LOUVER_TRY(take(record_->self(), value, now));
        continue;
      }
      Session& session = sessions_[note.session];
      know(session);
      (void)session.chains[{record_->self(), stream_of(value)}].add(value);
      batch.add(value);
      events_.emplace_back(ValueSent{value});
    }
    if (!batch.empty()) LOUVER_TRY(send(0, batch.take()));
    know(sessions_[note.session]);
    if (note.ended) {
      LOUVER_TRY(on_end(note, now, send));
    } else if (reporter_.due(note.session, now)) {
      LOUVER_TRY(send_receipt(note.session, false, now, send));
    }
  }
  return {};
}

Result<> EndpointAudit::on_end(const AuditNote& note, TimePoint now, const Send& send) {
  Session& session = sessions_[note.session];
  session.ended = true;
  session.whole = note.whole;
  close_at(session, now + limits::audit_wait);
  LOUVER_TRY(send_receipt(note.session, true, now, send));
  session.signed_off.push_back(record_->self());
  close_if_done(note.session);
  return {};
}

Result<> EndpointAudit::send_receipt(SessionNumber session, bool last, TimePoint now, const Send& send) {
  LOUVER_ASSIGN(auto receipt, reporter_.receipt(session, last, now));
  if (!receipt) return {};
  LOUVER_TRY(send(0, wire::make_message(*receipt)));
  events_.emplace_back(ReceiptTaken{*std::move(receipt)});
  return {};
}

/// Its places are the party's own, each once, ascending; where this end has the values, it is about exactly those.
Result<> EndpointAudit::check_entries(PartyIndex from, const wire::ReceiptBody& body, const Session& session) const {
  std::optional<AuditStream> before;
  std::size_t incoming_streams = 0;
  for (const wire::ReceiptEntry& entry : body.entries.items) {
    const AuditStream stream{entry.direction, entry.context, entry.out};
    if ((before && stream <= *before) || !states(from, stream) || entry.count == 0)
      return bad("a receipt of party " + std::to_string(raw(from)) + " about a place that is not its own");
    before = stream;
    if (entry.direction != static_cast<std::uint8_t>(incoming())) continue;
    // The receiver's own recomputation of item 8 is not said to anybody; of others every value has come.
    ++incoming_streams;
    const auto chain = session.chains.find({from, stream});
    if (chain == session.chains.end() || chain->second.entry(stream[0], stream[1], stream[2]) != entry)
      return bad("a receipt of party " + std::to_string(raw(from)) + " is not about the values that it has stated");
  }
  const auto stated = std::ranges::count_if(
      session.chains, [&](const auto& one) { return one.first.first == from && one.second.count() != 0; });
  if (static_cast<std::size_t>(stated) != incoming_streams)
    return bad("a receipt of party " + std::to_string(raw(from)) + " leaves out values that it has stated");
  return {};
}

Result<> EndpointAudit::on_receipt(PartyIndex from, Bytes body, TimePoint now) {
  LOUVER_ASSIGN(wire::Receipt receipt, wire::decode<wire::Receipt>(body));
  const wire::ReceiptBody& said = receipt.body;
  if (said.party != raw(from) || said.manifest_hash != record_->manifest_hash() || said.last > 1)
    return bad("a receipt of another party or association");
  if (!owes_receipts(from)) return bad("a receipt of party " + std::to_string(raw(from)) + ", which has none to give");
  LOUVER_TRY(check_session(said.session));
  const PartyReport* signer = record_->find_party(from);
  const auto holds = tls::verify_receipt(signer->certificates.front(), {receipt.algorithm, receipt.signature.bytes},
                                         wire::encode(said));
  if (!holds) return bad("a receipt of party " + std::to_string(raw(from)) + ": " + holds.error().detail);
  const SessionNumber number{said.session};
  const auto found = sessions_.find(number);
  if (found == sessions_.end() && closed_.marked(said.session)) {
    LOUVER_TRY(count_late(from));
    events_.emplace_back(ReceiptTaken{std::move(receipt), true});
    return {};
  }
  if (found == sessions_.end()) LOUVER_TRY(make_unknown(number, from, now));
  Session& session = sessions_[number];
  const bool over = std::ranges::find(session.signed_off, from) != session.signed_off.end();
  const bool too_soon = !session.known && said.number > receipts_of_unknown_most;
  if (over || too_soon || said.number != session.receipts[from] + 1)
    return Error{Fault::unexpected_message, "a receipt of party " + std::to_string(raw(from)) + " out of turn"};
  LOUVER_TRY(check_entries(from, said, session));
  ++session.receipts[from];
  if (said.last == 1) session.signed_off.push_back(from);
  tell(session, ReceiptTaken{std::move(receipt)});
  close_if_done(number);
  return {};
}

/// Everybody has signed off, and nothing waits.
void EndpointAudit::close_if_done(SessionNumber number) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end() || !found->second.ended) return;
  Session& session = found->second;
  for (std::size_t i = 0; i <= raw(record_->terms().server()); ++i) {
    const PartyIndex party{static_cast<std::uint8_t>(i)};
    const bool done = !owes_receipts(party) || std::ranges::find(session.signed_off, party) != session.signed_off.end();
    if (!done) return;
  }
  for (const auto& [key, pending] : session.pending) {
    if (pending.received) return;
  }
  close(number, session);
  sessions_.erase(number);
}

void EndpointAudit::close(SessionNumber number, Session& session) {
  for (auto& [key, pending] : session.pending) emit(number, session, key, std::move(pending));
  session.pending.clear();
  if (!session.known) {  // no JOIN came: nobody's session, so there is nothing to tell
    --unknown_;
    return;
  }
  (void)closed_.mark(raw(number));
  SessionClosed closed{number, session.whole, {}};
  for (std::size_t i = 0; i <= raw(record_->terms().server()); ++i) {
    const PartyIndex party{static_cast<std::uint8_t>(i)};
    const bool stands = std::ranges::find(session.signed_off, party) != session.signed_off.end();
    const bool states_here = states_values(record_->terms(), record_->plan(), party);
    if (states_here && (!stands || (party == PartyIndex{0} && anonymous_client_))) closed.unsigned_by.push_back(party);
  }
  events_.emplace_back(std::move(closed));
}

TimePoint EndpointAudit::deadline() const {
  TimePoint out = waiting_.empty() ? TimePoint::max() : waiting_.front().until;
  return std::min(out, next_close_);
}

void EndpointAudit::close_at(Session& session, TimePoint when) {
  session.until = when;
  next_close_ = std::min(next_close_, when);
}

void EndpointAudit::on_deadline(TimePoint now) {
  while (!waiting_.empty() && waiting_.front().until <= now) {
    const Waiting oldest = waiting_.front();
    waiting_.pop_front();
    const auto found = sessions_.find(oldest.session);
    if (found == sessions_.end()) continue;
    if (auto node = found->second.pending.extract(oldest.key))
      emit(oldest.session, found->second, oldest.key, std::move(node.mapped()));
    close_if_done(oldest.session);
  }
  if (now < next_close_) return;
  next_close_ = TimePoint::max();
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    if (it->second.until > now) {
      next_close_ = std::min(next_close_, it->second.until);
      ++it;
      continue;
    }
    close(it->first, it->second);
    it = sessions_.erase(it);
  }
}

void EndpointAudit::finish() {
  for (auto& [number, session] : sessions_) close(number, session);
  sessions_.clear();
  waiting_.clear();
}

MiddleboxAudit::MiddleboxAudit(const AssociationRecord& record, const tls::Identity* identity)
    : reporter_(record, identity), states_(states_values(record.terms(), record.plan(), record.self())) {}

/// Each value to the end that receives the data, each receipt to both.
Result<> MiddleboxAudit::note(AuditOutbox::Taken taken, TimePoint now, const Send& send) {
  if (!states_) return {};
  for (const AuditNote& note : taken.notes) {
    std::array<Batch, 2> batches;
    for (const wire::Audit& value : note.values) {
      reporter_.add(value, now);
      batches[slot(side_to(static_cast<Direction>(value.direction)))].add(value);
    }
    for (Side side : {Side::client, Side::server}) {
      if (!batches[slot(side)].empty()) LOUVER_TRY(send(side, batches[slot(side)].take()));
    }
    if (!note.ended && !reporter_.due(note.session, now)) continue;
    LOUVER_ASSIGN(const auto receipt, reporter_.receipt(note.session, note.ended, now));
    if (!receipt) continue;
    for (Side side : {Side::client, Side::server}) LOUVER_TRY(send(side, wire::make_message(*receipt)));
  }
  return {};
}

}  // namespace louver::session
