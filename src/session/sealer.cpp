#include "session/sealer.h"

namespace louver::session {

Result<Sealer> Sealer::make(const KeySource& keys, const Segment& s) {
  LOUVER_ASSIGN(SessionSecret read, keys.secret(item_name(ItemKind::read, s.direction, s.context, s.author, s.sink)));
  std::vector<crypto::Aead> verify;
  for (PartyIndex verifier : s.verifiers()) {
    LOUVER_ASSIGN(crypto::Aead key,
                  keys.aead(item_name(ItemKind::verify, s.direction, s.context, s.author, s.sink, raw(verifier)),
                            crypto::Aead::Use::seal));
    verify.push_back(std::move(key));
  }
  EpochKey read_key{keys.terms().suite(), crypto::Aead::Use::seal, std::move(read), keys.epoch_shift()};
  return Sealer{s, std::move(read_key), std::move(verify), keys.terms().max_record()};
}

DataView Sealer::seal(std::uint8_t flags, Exchange exchange, std::uint64_t seq, Bytes content, std::size_t padding,
                      MutableBytes frame) {
  if (padding != 0) flags |= wire::flag::pad;
  const wire::FrameHeader header{wire::FrameType::data, raw(segment_->context), flags,
                                 static_cast<std::uint32_t>(frame.size() - wire::header_octets)};
  wire::write_header(frame, header);
  wire::write_exchange(frame.subspan(wire::header_octets), exchange);
  // The layout of a frame that we have just sized cannot be wrong.
  DataView view = *view_data({header, frame}, *segment_, max_record_);
  MutableBytes plaintext = view.ciphertext;
  Bytes source = content;
  if (padding != 0) {
    std::ranges::copy(content, plaintext.begin());
    std::ranges::fill(plaintext.subspan(content.size()), std::byte{0});
    const std::size_t zeros = padding - 2;
    plaintext[plaintext.size() - 2] = static_cast<std::byte>(zeros >> 8);
    plaintext[plaintext.size() - 1] = static_cast<std::byte>(zeros);
    source = plaintext;
  }
  read_.at(seq).seal(crypto::Sequence{seq}, view.aad, source, view.ciphertext, view.tag);
  for (std::size_t i = 0; i < verify_.size(); ++i) {
    const crypto::Tag tag = verify_[i].tag(crypto::Sequence{seq}, {view.sealed});
    std::ranges::copy(tag, tag_slot(view.verify, i).begin());
  }
  std::ranges::fill(view.witness, std::byte{0});
  return view;
}

Result<Redactor> Redactor::make(const KeySource& keys, const Segment& s) {
  const std::size_t n = keys.plan().middleboxes();
  std::vector<crypto::Aead> made;
  for (PartyIndex verifier : s.redact_verifiers(keys.self(), n)) {
    LOUVER_ASSIGN(crypto::Aead key,
                  keys.aead(item_name(ItemKind::redact, s.direction, s.context, keys.self(), s.sink, raw(verifier)),
                            crypto::Aead::Use::seal));
    made.push_back(std::move(key));
  }
  return Redactor{s, keys.self(), n, std::move(made)};
}

std::size_t Redactor::frame_octets() const { return redacted_frame_octets(*segment_, self_, middleboxes_); }

RedactedView Redactor::redact(const DataView& record, std::uint64_t seq, MutableBytes frame) const {
  const wire::FrameHeader header{wire::FrameType::redacted, record.header.id, 0,
                                 static_cast<std::uint32_t>(frame.size() - wire::header_octets)};
  wire::write_header(frame, header);
  wire::write_exchange(frame.subspan(wire::header_octets), record.exchange);
  frame[wire::record_header_octets] = static_cast<std::byte>(raw(self_));
  wire::write_u24(frame.subspan(wire::record_header_octets + 1), record.header.length);
  std::ranges::fill(frame.subspan(wire::record_header_octets + 4), std::byte{0});
  RedactedView view = *view_redacted({header, frame}, *segment_, segment_->sink, middleboxes_);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const crypto::Tag tag = keys_[i].tag(crypto::Sequence{seq}, {view.stated});
    std::ranges::copy(tag, tag_slot(view.redact, i).begin());
  }
  return view;
}

void Sealer::rest() {
  read_.rest();
  for (crypto::Aead& key : verify_) key.rest();
}

void Redactor::rest() {
  for (crypto::Aead& key : keys_) key.rest();
}

}  // namespace louver::session
