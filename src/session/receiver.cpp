#include "session/receiver.h"

namespace louver::session {

ContextTraits traits_of(const ProfileTraits& profile, const ContextInfo& context) {
  const auto found = std::ranges::find(profile.contexts, std::string_view{context.name}, &ContextTraits::name);
  return found == profile.contexts.end() ? ContextTraits{} : *found;
}

Receiver::Receiver(const KeySource& keys, Direction direction, const ProfileTraits& profile, ExchangeLedger& ledger,
                   crypto::Aead hop)
    : terms_(&keys.terms()),
      plan_(&keys.plan()),
      self_(keys.self()),
      direction_(direction),
      numbered_(profile.exchanges),
      hop_rank_(rank_of(keys.self(), direction, keys.plan().middleboxes()) - 1),
      sequence_end_(keys.sequence_end()),
      ledger_(&ledger),
      hop_(std::move(hop), keys.sequence_end()),
      flows_(keys.plan().flows(direction).size()),
      segments_(keys.terms()),
      openers_(keys.terms()),
      sunk_(keys.terms()) {
  for (const ContextInfo& context : terms_->contexts()) {
    const Segment* segment = plan_->segment_on_hop(context.id, direction, hop_rank_);
    segments_[context.id] = segment;
    if (segment != nullptr && segment->sink == self_) {
      sunk_[context.id] =
          std::make_unique<Sunk>(Sunk{ExchangeRule{numbered_, traits_of(profile, context).several_messages}});
    }
  }
  for (const Flow& flow : plan_->flows(direction)) {
    if (flow.author_rank > hop_rank_ || flow.sink_rank <= hop_rank_) continue;
    ++flows_on_hop_;
    if (flow.sink == self_) ++sunk_flows_;
  }
}

Result<Receiver> Receiver::make(const KeySource& keys, Direction direction, const ProfileTraits& profile,
                                ExchangeLedger& ledger) {
  const std::size_t n = keys.plan().middleboxes();
  const PartyIndex before = party_at(rank_of(keys.self(), direction, n) - 1, direction, n);
  LOUVER_ASSIGN(crypto::Aead hop, keys.aead(hop_item(direction, before, keys.self()), crypto::Aead::Use::seal));
  Receiver receiver{keys, direction, profile, ledger, std::move(hop)};
  LOUVER_TRY(receiver.load(keys));
  return receiver;
}

Result<> Receiver::load(const KeySource& keys) {
  for (const ContextInfo& context : terms_->contexts()) {
    const Segment* segment = segments_[context.id];
    if (segment == nullptr) continue;
    const bool reads = segment->sink == self_ || std::ranges::find(segment->readers, self_) != segment->readers.end();
    if (!reads) continue;
    LOUVER_ASSIGN(Opener opener, Opener::make(keys, *segment));
    openers_[context.id] = std::make_unique<Opener>(std::move(opener));
  }
  return {};
}

Result<std::variant<DataView, RedactedView>> Receiver::view(const wire::FrameView& frame,
                                                            const Segment& segment) const {
  if (frame.header.type == wire::FrameType::data) {
    LOUVER_ASSIGN(const DataView data, view_data(frame, segment, terms_->max_record()));
    return std::variant<DataView, RedactedView>{data};
  }
  LOUVER_ASSIGN(const RedactedView redacted, view_redacted(frame, segment, self_, plan_->middleboxes()));
  return std::variant<DataView, RedactedView>{redacted};
}

Result<> Receiver::check_hop(const std::variant<DataView, RedactedView>& view) {
  if (const auto* data = std::get_if<DataView>(&view)) return hop_.check({data->aad, data->trailer}, data->hop);
  const auto& redacted = std::get<RedactedView>(view);
  return hop_.check({redacted.covered}, redacted.hop);
}

/// "exactly one FIN record, alone and empty, on its lowest context: flags exactly FIN, exchange 0, no message"
Result<> Receiver::check_fin(const DataView& data, const Flow& flow) const {
  if (data.header.flags != wire::flag::fin) return Error{Fault::fin_order, "FIN together with other flags"};
  if (!data.ciphertext.empty()) return Error{Fault::fin_order, "FIN with content"};
  if (raw(data.exchange) != 0) return Error{Fault::fin_order, "FIN with an exchange"};
  if (raw(flow.contexts.front()) != data.header.id)
    return Error{Fault::fin_order, "FIN on another context than the flow's lowest"};
  return {};
}

Result<AcceptedRecord> Receiver::accept(const wire::FrameView& frame) {
  const Segment* const* known = segments_.find(ContextId{frame.header.id});
  const Segment* segment = known != nullptr ? *known : nullptr;
  if (segment == nullptr) {
    return Error{Fault::record_context,
                 "context " + std::to_string(frame.header.id) + " does not exist in direction " + name_of(direction_)};
  }
  LOUVER_ASSIGN(const auto record, view(frame, *segment));
  LOUVER_TRY(check_hop(record));
  FlowState& state = flows_[segment->flow];
  const Flow& flow = plan_->flows(direction_)[segment->flow];
  if (state.fin) return Error{Fault::record_after_fin, "a record behind the FIN of its flow"};
  if (state.next_seq == sequence_end_) return Error{Fault::sequence_exhausted, "a flow's counter is used up"};
  AcceptedRecord accepted{record, state.next_seq++, segment};
  if (accepted.fin()) {
    LOUVER_TRY(check_fin(*accepted.data(), flow));
    state.fin = true;
    ++fins_;
  } else {
    note(accepted);
  }
  return accepted;
}

Result<AcceptedRecord> Receiver::moved(const AcceptedRecord& record, MutableBytes copy) const {
  const wire::FrameHeader& header = record.data() != nullptr ? record.data()->header : record.redacted()->header;
  LOUVER_ASSIGN(const auto same, view({header, copy}, record.segment()));
  return AcceptedRecord{same, record.seq(), record.segment_};
}

void Receiver::note(const AcceptedRecord& record) {
  if (direction_ == Direction::c2s) ledger_->highest_c2s = std::max(ledger_->highest_c2s, raw(record.exchange()));
}

Result<> Receiver::check_exchange(const AcceptedRecord& record, bool end, bool padding_only) {
  const std::uint32_t n = raw(record.exchange());
  LOUVER_TRY(sunk_[record.context()]->rule.take(record.exchange(), end, padding_only));
  if (!numbered_ || padding_only) return {};
  if (direction_ == Direction::s2c && n > ledger_->highest_c2s) {
    return Error{Fault::record_exchange, "exchange " + std::to_string(n) + ": an answer to no request"};
  }
  if (direction_ == Direction::c2s && n > ledger_->completed + limits::open_exchanges) {
    return Error{Fault::limit_exceeded, "more than " + std::to_string(limits::open_exchanges) + " open exchanges"};
  }
  return {};
}

/// What only the sink does with a part: the rules of exchanges, and the values of an audit.
Result<> Receiver::sink(const AcceptedRecord& record, const Part& part, bool padding_only) {
  LOUVER_TRY(check_exchange(record, part.end, padding_only));
  AuditDigest* audit = sunk_[part.context]->audit.get();
  if (audit == nullptr || padding_only) return {};
  if (part.redacted) {
    audit->add_tombstone(part.exchange, part.redacted_bytes, part.redactor);
  } else {
    audit->add(part.exchange, part.bytes);
  }
  if (part.end) audit->end(part.exchange);
  return {};
}

Result<> Receiver::audit(const KeySource& keys, AuditBook& book, std::map<ContextId, AuditEcho>* echoes) {
  for (const ContextInfo& context : terms_->contexts()) {
    Sunk* sunk = sunk_[context.id].get();
    if (sunk == nullptr || !terms_->audited(context.id)) continue;
    const Segment& segment = *segments_[context.id];
    LOUVER_ASSIGN(AuditDigest digest, AuditDigest::make(keys, segment, AuditPlace::in, book));
    if (echoes != nullptr) {
      const Segment& next = *plan_->segment_on_hop(context.id, direction_, hop_rank_ + 1);
      LOUVER_TRY(digest.add_echo(keys, next, (*echoes)[context.id]));
    } else if (terms_->anyone_has(Grant::write, context.id, direction_)) {
      LOUVER_TRY(digest.add_end(keys, segment));
    }
    sunk->audit = std::make_unique<AuditDigest>(std::move(digest));
  }
  return {};
}

Result<std::optional<Part>> Receiver::open(const AcceptedRecord& record, MutableBytes plaintext) {
  Opener& opener = *openers_[record.context()];
  Part part{.context = record.context(), .direction = direction_, .exchange = record.exchange(), .bytes = {}};
  if (const RedactedView* redacted = record.redacted()) {
    LOUVER_ASSIGN(part.redacted_bytes, opener.open(*redacted, record.seq()));
    part.redacted = true;
    part.redactor = redacted->redactor;
    if (is_sink(record)) LOUVER_TRY(sink(record, part, false));
    return std::optional{part};
  }
  const DataView& data = *record.data();
  LOUVER_ASSIGN(const Opened opened, opener.open(data, record.seq(), plaintext));
  if (data.fin()) {
    if (is_sink(record)) ++sunk_fins_;
    return std::optional<Part>{};
  }
  part.bytes = opened.content;
  part.end = data.eom();
  if (is_sink(record)) LOUVER_TRY(sink(record, part, opened.padding_only));
  if (opened.padding_only) return std::optional<Part>{};
  return std::optional{part};
}

void Receiver::bear_witness(const AcceptedRecord& record) const {
  const Opener& opener = *openers_[record.context()];
  if (record.data() != nullptr) {
    opener.bear_witness(*record.data(), record.seq());
  } else {
    opener.bear_witness(*record.redacted(), record.seq());
  }
}

bool Receiver::message_open() const {
  return std::ranges::any_of(sunk_, [](const auto& one) { return one != nullptr && one->rule.message_open(); });
}

bool Receiver::parts_missing() const {
  std::uint32_t ended = 0;
  std::optional<std::uint32_t> begun;
  for (const auto& one : sunk_) {
    if (one == nullptr) continue;
    ended = std::max(ended, one->rule.ended());
    begun = std::min(begun.value_or(one->rule.last()), one->rule.last());
  }
  return begun.value_or(0) < ended;
}

std::uint32_t Receiver::complete_exchanges() const {
  std::optional<std::uint32_t> least;
  for (const auto& one : sunk_) {
    if (one != nullptr) least = std::min(least.value_or(one->rule.ended()), one->rule.ended());
  }
  return least.value_or(0);
}

void Receiver::rest() {
  hop_.rest();
  for (const auto& opener : openers_) {
    if (opener != nullptr) opener->rest();
  }
}

}  // namespace louver::session
