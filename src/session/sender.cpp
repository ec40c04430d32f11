#include "session/sender.h"

#include "session/receiver.h"

namespace louver::session {

Sender::Sender(const KeySource& keys, Direction direction, crypto::Aead hop)
    : terms_(&keys.terms()),
      plan_(&keys.plan()),
      self_(keys.self()),
      direction_(direction),
      hop_rank_(rank_of(keys.self(), direction, keys.plan().middleboxes())),
      sequence_end_(keys.sequence_end()),
      hop_(std::move(hop), keys.sequence_end()),
      next_seq_(keys.plan().flows(direction).size()),
      sealers_(keys.terms()) {}

Result<Sender> Sender::make(const KeySource& keys, Direction direction, const ProfileTraits& profile) {
  const std::size_t n = keys.plan().middleboxes();
  const PartyIndex next = party_at(rank_of(keys.self(), direction, n) + 1, direction, n);
  LOUVER_ASSIGN(crypto::Aead hop, keys.aead(hop_item(direction, keys.self(), next), crypto::Aead::Use::seal));
  Sender sender{keys, direction, std::move(hop)};
  LOUVER_TRY(sender.load(keys, profile));
  return sender;
}

Result<> Sender::load(const KeySource& keys, const ProfileTraits& profile) {
  for (const ContextInfo& context : terms_->contexts()) {
    const Segment* segment = plan_->segment_on_hop(context.id, direction_, hop_rank_);
    if (segment == nullptr || segment->author != self_) continue;
    const ContextTraits traits = traits_of(profile, context);
    LOUVER_ASSIGN(Sealer sealer, Sealer::make(keys, *segment));
    sealers_[context.id] = std::make_unique<Authored>(Authored{
        std::move(sealer), ExchangeRule{profile.exchanges, traits.several_messages}, segment->flow, traits.pad_to});
  }
  return {};
}

Result<> Sender::audit(const KeySource& keys, AuditBook& book, std::map<ContextId, AuditEcho>* echoes) {
  for (const auto& one : sealers_) {
    if (one == nullptr || !terms_->audited(one->sealer.segment().context)) continue;
    const Segment& segment = one->sealer.segment();
    LOUVER_ASSIGN(AuditDigest digest, AuditDigest::make(keys, segment, AuditPlace::out, book));
    if (echoes != nullptr) {
      digest.compare_with((*echoes)[segment.context]);
    } else if (terms_->anyone_has(Grant::write, segment.context, direction_)) {
      LOUVER_TRY(digest.add_end(keys, segment));
    }
    one->audit = std::make_unique<AuditDigest>(std::move(digest));
  }
  return {};
}

/// Octets that bring the plaintext to a multiple of pad_to; 0 where the context is not padded. Where somebody may
/// redact, only the empty record that ends the message is padded, so that a tombstone's length is the content's.
std::size_t Sender::padding_for(const Authored& to, std::size_t content, bool end) const {
  if (to.pad_to == 0 || (to.sealer.segment().apart_ends && !end)) return 0;
  const std::size_t step = to.pad_to;
  const std::size_t padded = (content + 2 + step - 1) / step * step;
  return padded > terms_->max_record() ? 0 : padded - content;
}

Result<> Sender::emit(Authored& to, std::uint8_t flags, Exchange exchange, Bytes content, std::size_t padding,
                      Outbound& out) {
  std::uint64_t& seq = next_seq_[to.flow];
  if (seq == sequence_end_) return Error{Fault::sequence_exhausted, "a flow's counter is used up"};
  const MutableBytes frame = out.extend(data_frame_octets(to.sealer.segment(), content.size() + padding));
  return stamp(to.sealer.seal(flags, exchange, seq++, content, padding, frame));
}

Result<> Sender::send(const Part& part, Outbound& out) {
  Authored* to = authored(part.context);
  if (to == nullptr)
    return Error{Fault::record_context,
                 "this party is no author of context " + std::to_string(raw(part.context)) + " here"};
  if (finished_) return Error{Fault::record_after_fin, "this direction has ended"};
  if (part.bytes.empty() && !part.end) return {};
  LOUVER_TRY(to->rule.take(part.exchange, part.end, false));
  if (to->audit != nullptr) {
    to->audit->add(part.exchange, part.bytes);
    if (part.end) to->audit->end(part.exchange);
  }
  const bool apart = to->sealer.segment().apart_ends;
  // Room for padding is kept where records are padded, so that the last piece can reach its step.
  const std::size_t most = terms_->max_record() - (to->pad_to != 0 ? to->pad_to : 0U);
  Bytes rest = part.bytes;
  while (!rest.empty()) {
    const Bytes piece = rest.first(std::min(rest.size(), most));
    rest = rest.subspan(piece.size());
    const bool ends = rest.empty() && part.end && !apart;
    LOUVER_TRY(emit(*to, ends ? wire::flag::eom : std::uint8_t{0}, part.exchange, piece,
                    padding_for(*to, piece.size(), ends), out));
    if (ends) return {};
  }
  if (part.end) LOUVER_TRY(emit(*to, wire::flag::eom, part.exchange, {}, padding_for(*to, 0, true), out));
  return {};
}

bool Sender::message_open() const {
  return std::ranges::any_of(sealers_, [](const auto& one) { return one != nullptr && one->rule.message_open(); });
}

std::uint32_t Sender::complete_exchanges() const {
  std::optional<std::uint32_t> least;
  for (const auto& one : sealers_) {
    if (one != nullptr) least = std::min(least.value_or(one->rule.ended()), one->rule.ended());
  }
  return least.value_or(0);
}

Result<> Sender::finish(Outbound& out) {
  if (finished_) return {};
  std::vector<ContextId> lowest;
  for (const Flow& flow : plan_->flows(direction_)) {
    if (flow.author == self_) lowest.push_back(flow.contexts.front());
  }
  std::ranges::sort(lowest);
  for (ContextId context : lowest) LOUVER_TRY(emit(*sealers_[context], wire::flag::fin, Exchange{0}, {}, 0, out));
  finished_ = true;
  return {};
}

Result<> Sender::stamp(const DataView& record) { return hop_.stamp({record.aad, record.trailer}, record.hop); }
Result<> Sender::stamp(const RedactedView& record) { return hop_.stamp({record.covered}, record.hop); }

Result<> Sender::pass(const DataView& record, Outbound& out) {
  LOUVER_TRY(stamp(record));
  out.forward(record.whole);
  return {};
}

Result<> Sender::pass(const RedactedView& record, Outbound& out) {
  LOUVER_TRY(stamp(record));
  out.forward(record.whole);
  return {};
}

void Sender::rest() {
  hop_.rest();
  for (const auto& authored : sealers_) {
    if (authored != nullptr) authored->sealer.rest();
  }
}

}  // namespace louver::session
