#include "session/opener.h"

namespace louver::session {
namespace {

std::size_t index_of(const std::vector<PartyIndex>& parties, PartyIndex party) {
  return static_cast<std::size_t>(std::ranges::find(parties, party) - parties.begin());
}

/// "the plaintext ends with n zero bytes and n as u16"
Result<Bytes> strip_padding(Bytes plaintext) {
  if (plaintext.size() < 2) return Error{Fault::record_padding, "no room for the count of its padding"};
  const std::size_t zeros = std::to_integer<std::size_t>(plaintext[plaintext.size() - 2]) << 8 |
                            std::to_integer<std::size_t>(plaintext.back());
  if (zeros + 2 > plaintext.size()) return Error{Fault::record_padding, "more padding than plaintext"};
  const Bytes content = plaintext.first(plaintext.size() - 2 - zeros);
  const Bytes padding = plaintext.subspan(content.size(), zeros);
  if (std::ranges::any_of(padding, [](std::byte b) { return b != std::byte{0}; }))
    return Error{Fault::record_padding, "padding that is not zero"};
  return content;
}

}  // namespace

Result<Opener> Opener::make(const KeySource& keys, const Segment& s) {
  LOUVER_ASSIGN(SessionSecret read, keys.secret(item_name(ItemKind::read, s.direction, s.context, s.author, s.sink)));
  EpochKey read_key{keys.terms().suite(), crypto::Aead::Use::open, std::move(read), keys.epoch_shift()};
  Opener opener{s, keys.self(), keys.plan().middleboxes(), keys.terms().max_record(), std::move(read_key)};
  LOUVER_TRY(opener.load_tags(keys));
  return opener;
}

Result<> Opener::load_tags(const KeySource& keys) {
  const Segment& s = *segment_;
  using Use = crypto::Aead::Use;
  if (s.has_verifiers()) {
    LOUVER_ASSIGN(verify_, keys.aead(item_name(ItemKind::verify, s.direction, s.context, s.author, s.sink, raw(self_)),
                                     Use::seal));
    verify_slot_ = index_of(s.verifiers(), self_);
  }
  for (PartyIndex witness : s.witnesses) {
    if (!is_sink() && witness != self_) continue;
    LOUVER_ASSIGN(crypto::Aead key,
                  keys.aead(item_name(ItemKind::witness, s.direction, s.context, witness, s.sink), Use::seal));
    witnesses_.push_back({witness, std::move(key)});
  }
  for (PartyIndex redactor : s.redactors) {
    const std::vector<PartyIndex> verifiers = s.redact_verifiers(redactor, middleboxes_);
    const std::size_t slot = index_of(verifiers, self_);
    if (slot == verifiers.size()) continue;  // it stands behind us, or is us
    LOUVER_ASSIGN(
        crypto::Aead key,
        keys.aead(item_name(ItemKind::redact, s.direction, s.context, redactor, s.sink, raw(self_)), Use::seal));
    redact_.push_back({redactor, slot, std::move(key)});
  }
  return {};
}

Result<> Opener::check_witnesses(const std::vector<PartyIndex>& order, MutableBytes slots, std::uint64_t seq,
                                 Bytes covered) const {
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto witness = std::ranges::find(witnesses_, order[i], &Witness::party);
    if (!witness->key.check(crypto::Sequence{seq}, {covered}, tag_slot(slots, i))) {
      return Error{Fault::witness_tag, "a record of context " + std::to_string(raw(segment_->context)) +
                                           " did not pass M" + std::to_string(raw(order[i]))};
    }
  }
  return {};
}

Result<Opened> Opener::open(const DataView& record, std::uint64_t seq, MutableBytes plaintext) {
  const auto where = [this] { return " of context " + std::to_string(raw(segment_->context)); };
  // "A reader verifies its own tag before it uses the plaintext": it covers the whole ciphertext, which the AEAD's tag
  // does not commit to.
  if (verify_ && !verify_->check(crypto::Sequence{seq}, {record.sealed}, tag_slot(record.verify, verify_slot_))) {
    return Error{Fault::verify_tag, "the verify tag of a record" + where() + " does not hold"};
  }
  if (is_sink()) LOUVER_TRY(check_witnesses(segment_->witnesses, record.witness, seq, record.sealed));
  plaintext = plaintext.first(record.ciphertext.size());
  if (!read_.at(seq).open(crypto::Sequence{seq}, record.aad, record.ciphertext, record.tag, plaintext)) {
    return Error{Fault::aead_tag, "the AEAD tag of a record" + where() + " does not hold"};
  }
  Bytes content = plaintext;
  if (record.pad()) {
    LOUVER_ASSIGN(content, strip_padding(plaintext));
  }
  // "on a context with a redact grant, EOM and FIN travel in records without content, checked by all who open them"
  if (segment_->apart_ends && record.eom() && !content.empty())
    return Error{Fault::record_order, "content beside the end of a message" + where()};
  return Opened{content, content.empty() && !record.eom() && !record.fin()};
}

Result<std::uint32_t> Opener::open(const RedactedView& record, std::uint64_t seq) const {
  const auto key = std::ranges::find(redact_, record.redactor, &RedactKey::redactor);
  if (key == redact_.end())
    return Error{Fault::record_redactor, "no redact key of party " + std::to_string(raw(record.redactor))};
  if (!key->key.check(crypto::Sequence{seq}, {record.stated}, tag_slot(record.redact, key->slot))) {
    return Error{Fault::redact_tag, "the redact tag of a tombstone of context " +
                                        std::to_string(raw(segment_->context)) + " does not hold"};
  }
  if (is_sink())
    LOUVER_TRY(
        check_witnesses(segment_->witnesses_behind(record.redactor, middleboxes_), record.witness, seq, record.stated));
  const std::size_t overhead = segment_->data_overhead();
  if (record.original_length <= overhead || record.original_length - overhead > max_record_) {
    return Error{Fault::record_length, "a tombstone for a record of " + std::to_string(record.original_length) +
                                           " octets, which cannot have been"};
  }
  return static_cast<std::uint32_t>(record.original_length - overhead);
}

void Opener::bear_witness(const DataView& record, std::uint64_t seq) const {
  const std::size_t own = index_of(segment_->witnesses, self_);
  if (own == segment_->witnesses.size()) return;
  const crypto::Tag tag = witnesses_.front().key.tag(crypto::Sequence{seq}, {record.sealed});
  std::ranges::copy(tag, tag_slot(record.witness, own).begin());
}

void Opener::bear_witness(const RedactedView& record, std::uint64_t seq) const {
  const std::vector<PartyIndex> behind = segment_->witnesses_behind(record.redactor, middleboxes_);
  const std::size_t own = index_of(behind, self_);
  if (own == behind.size()) return;
  const crypto::Tag tag = witnesses_.front().key.tag(crypto::Sequence{seq}, {record.stated});
  std::ranges::copy(tag, tag_slot(record.witness, own).begin());
}

void Opener::rest() {
  read_.rest();
  if (verify_) verify_->rest();
  for (Witness& witness : witnesses_) witness.key.rest();
  for (RedactKey& one : redact_) one.key.rest();
}

}  // namespace louver::session
