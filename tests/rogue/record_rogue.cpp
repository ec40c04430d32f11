#include "rogue/record_rogue.h"

#include <stdexcept>

#include "rogue/record_collision.h"

namespace louver::rogue {

using session::ItemKind;
using session::Segment;

session::DataView data_view(const Segment& segment, Buffer& frame) {
  const auto header = wire::read_header(Bytes{frame}.first(wire::header_octets));
  if (!header) throw std::runtime_error(describe(header.error()));
  auto view = session::view_data({*header, frame}, segment, limits::max_record_most);
  if (!view) throw std::runtime_error(describe(view.error()));
  return *view;
}

namespace {

wire::ItemName read_item(const Segment& s) {
  return session::item_name(ItemKind::read, s.direction, s.context, s.author, s.sink);
}

void copy_tag(const std::optional<crypto::Tag>& tag, MutableBytes to) {
  if (tag) std::ranges::copy(*tag, to.begin());
}

}  // namespace

const Segment& Forge::segment(ContextId context, Direction direction, std::size_t hop) const {
  const Segment* found = keys_.plan().segment_on_hop(context, direction, hop);
  if (found == nullptr) throw std::runtime_error("no such segment");
  return *found;
}

std::optional<crypto::Tag> Forge::tag(const wire::ItemName& item, std::uint64_t seq,
                                      std::initializer_list<Bytes> covered) const {
  const auto key = keys_.aead(item, crypto::Aead::Use::seal);
  return key ? std::optional{key->tag(crypto::Sequence{seq}, covered)} : std::nullopt;
}

std::optional<session::EpochKey> Forge::read_key(const Segment& s, crypto::Aead::Use use) const {
  auto secret = keys_.secret(read_item(s));
  if (!secret) return std::nullopt;
  return session::EpochKey{keys_.terms().suite(), use, *std::move(secret), keys_.epoch_shift()};
}

Buffer Forge::data(const Segment& s, const Record& record) const {
  Buffer frame(session::data_frame_octets(s, record.plaintext.size()));
  wire::write_header(frame, {wire::FrameType::data, raw(s.context), record.flags,
                             static_cast<std::uint32_t>(frame.size() - wire::header_octets)});
  wire::write_exchange(MutableBytes{frame}.subspan(wire::header_octets), record.exchange);
  const std::size_t text = record.plaintext.size();
  const MutableBytes body = MutableBytes{frame}.subspan(wire::record_header_octets);
  if (auto key = read_key(s, crypto::Aead::Use::seal)) {
    key->at(record.seq)
        .seal(crypto::Sequence{record.seq}, Bytes{frame}.first(wire::record_header_octets), as_bytes(record.plaintext),
              body.first(text), body.subspan(text, crypto::tag_octets));
  }
  const Bytes sealed = Bytes{frame}.first(wire::record_header_octets + text + crypto::tag_octets);
  const MutableBytes slots = body.subspan(text + crypto::tag_octets);
  for (std::size_t i = 0; const PartyIndex verifier : s.verifiers()) {
    copy_tag(tag(session::item_name(ItemKind::verify, s.direction, s.context, s.author, s.sink, raw(verifier)),
                 record.seq, {sealed}),
             session::tag_slot(slots, i++));
  }
  return frame;
}

Buffer Forge::tombstone(const Segment& s, PartyIndex redactor, Exchange exchange, std::uint64_t seq,
                        std::uint32_t original_length) const {
  const std::size_t n = keys_.plan().middleboxes();
  Buffer frame(session::redacted_frame_octets(s, redactor, n));
  wire::write_header(frame, {wire::FrameType::redacted, raw(s.context), 0,
                             static_cast<std::uint32_t>(frame.size() - wire::header_octets)});
  wire::write_exchange(MutableBytes{frame}.subspan(wire::header_octets), exchange);
  frame[wire::record_header_octets] = static_cast<std::byte>(raw(redactor));
  wire::write_u24(MutableBytes{frame}.subspan(wire::record_header_octets + 1), original_length);
  const Bytes stated = Bytes{frame}.first(wire::record_header_octets + 4);
  const MutableBytes slots = MutableBytes{frame}.subspan(stated.size());
  for (std::size_t i = 0; const PartyIndex verifier : s.redact_verifiers(redactor, n)) {
    copy_tag(tag(session::item_name(ItemKind::redact, s.direction, s.context, redactor, s.sink, raw(verifier)), seq,
                 {stated}),
             session::tag_slot(slots, i++));
  }
  return frame;
}

std::string Forge::peek(const Segment& s, Bytes frame, std::uint64_t seq) const {
  auto key = read_key(s, crypto::Aead::Use::open);
  if (!key) return {};
  Buffer copy = to_buffer(frame);
  const session::DataView view = data_view(s, copy);
  Buffer plaintext(view.ciphertext.size());
  if (!key->at(seq).open(crypto::Sequence{seq}, view.aad, view.ciphertext, view.tag, plaintext))
    throw std::runtime_error("a rogue opened a wrong record");
  return std::string{as_text(plaintext)};
}

void Forge::reencrypt(const Segment& s, Buffer& frame, std::uint64_t seq, std::string_view plaintext) const {
  auto key = read_key(s, crypto::Aead::Use::seal);
  if (!key) throw std::runtime_error("no read key to encrypt with");
  const session::DataView view = data_view(s, frame);
  Buffer text(view.ciphertext.size(), std::byte{'#'});
  std::ranges::copy(as_bytes(plaintext).first(std::min(plaintext.size(), text.size())), text.begin());
  key->at(seq).seal(crypto::Sequence{seq}, view.aad, text, view.ciphertext, view.tag);
}

void Forge::collide(const Segment& s, Buffer& frame, std::uint64_t seq) const {
  const auto secret = keys_.secret(read_item(s));
  if (!secret) throw std::runtime_error("no read key to collide with");
  const session::DataView view = data_view(s, frame);
  alter_under_same_tag(keys_.terms().suite(), secret->expose(), crypto::Sequence{seq}, view.ciphertext);
}

void Forge::bear_witness(const Segment& s, Buffer& frame, std::uint64_t seq) const {
  const auto own = std::ranges::find(s.witnesses, self());
  if (own == s.witnesses.end()) return;
  const session::DataView view = data_view(s, frame);
  const auto made =
      tag(session::item_name(ItemKind::witness, s.direction, s.context, self(), s.sink), seq, {view.sealed});
  copy_tag(made, session::tag_slot(view.witness, static_cast<std::size_t>(own - s.witnesses.begin())));
}

void Forge::stamp(Buffer& frame, Direction direction, std::uint64_t hop_seq) const {
  const PartyIndex next = session::party_at(rank(direction) + 1, direction, keys_.plan().middleboxes());
  const wire::ItemName item = session::hop_item(direction, self(), next);
  const MutableBytes place = MutableBytes{frame}.last(crypto::tag_octets);
  const Bytes covered = Bytes{frame}.first(frame.size() - crypto::tag_octets);
  if (frame.front() == static_cast<std::byte>(wire::FrameType::redacted)) {
    copy_tag(tag(item, hop_seq, {covered}), place);
    return;
  }
  // By hand, so that a record that breaks the rules of its layout gets its tag as well.
  const Segment& s = sent(ContextId{std::to_integer<std::uint8_t>(frame[1])}, direction);
  const std::size_t trailer = s.data_overhead() - wire::exchange_octets - crypto::tag_octets;
  if (covered.size() < wire::record_header_octets + trailer) return;
  copy_tag(tag(item, hop_seq, {covered.first(wire::record_header_octets), covered.last(trailer)}), place);
}

Result<std::size_t> RogueRelay::take_join(MutableBytes input, Now now) {
  LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(input, wire::join_body_octets));
  if (!frame) return std::size_t{0};
  LOUVER_ASSIGN(const wire::Join join, session::decode_join(*frame));
  LOUVER_ASSIGN(record_, table_.find(join.association));
  LOUVER_TRY(record_->take_join(frame->whole, now.mono, now.wall, [&](const session::KeySource& keys) -> Result<> {
    forge_.emplace(keys);
    return {};
  }));
  put_raw(Direction::c2s, frame->whole);
  return frame->whole.size();
}

Result<std::size_t> RogueRelay::receive(Side from, MutableBytes input, Now now, Outputs& out) {
  std::size_t consumed = 0;
  if (!forge_) {
    LOUVER_ASSIGN(consumed, take_join(input, now));
  }
  while (forge_) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame,
                  wire::next_frame(input.subspan(consumed), wire::frame_length_most));
    if (!frame) break;
    consumed += frame->whole.size();
    on_frame(direction_from(from), *frame);
  }
  for (Side side : {Side::client, Side::server}) {
    out.to(side).append(pending_.to(side).flatten());
    pending_.to(side).clear();
  }
  return consumed;
}

void RogueRelay::on_frame(Direction direction, const wire::FrameView& frame) {
  if (frame.header.type != wire::FrameType::data && frame.header.type != wire::FrameType::redacted) {
    put_raw(direction, frame.whole);
    return;
  }
  Arrival arrival{.direction = direction, .frame = to_buffer(frame.whole), .header = frame.header};
  arrival.segment = &forge_->received(ContextId{frame.header.id}, direction);
  arrival.seq = flow_seq_[slot(direction)][arrival.segment->flow]++;
  arrival.index = arrived_[slot(direction)]++;
  script_(*this, std::move(arrival));
}

void RogueRelay::pass(Arrival arrival) {
  if (arrival.header.type == wire::FrameType::data && arrival.segment->sink == forge_->self()) {
    say(arrival.context(), arrival.direction, arrival.exchange(), arrival.header.flags,
        forge_->peek(*arrival.segment, arrival.frame, arrival.seq));
    return;
  }
  if (arrival.header.type == wire::FrameType::data) forge_->bear_witness(*arrival.segment, arrival.frame, arrival.seq);
  put(arrival.direction, std::move(arrival.frame));
}

void RogueRelay::put(Direction direction, Buffer frame) {
  forge_->stamp(frame, direction, hop_seq(direction)++);
  put_raw(direction, frame);
}

std::uint64_t& RogueRelay::next_seq(ContextId context, Direction direction) {
  return author_seq_[slot(direction)][forge_->sent(context, direction).flow];
}

void RogueRelay::say(ContextId context, Direction direction, Exchange exchange, std::uint8_t flags,
                     std::string_view plaintext) {
  put(direction,
      forge_->data(forge_->sent(context, direction), {exchange, next_seq(context, direction)++, flags, plaintext}));
}

void RogueEnd::put(Buffer frame) {
  forge_.stamp(frame, direction(), hop_seq++);
  const std::size_t hop = direction() == Direction::c2s ? 0 : raw(forge_.self()) - std::size_t{1};
  chain_.inject(hop, direction(), frame);
}

void RogueEnd::say(ContextId context, Exchange exchange, std::uint8_t flags, std::string_view plaintext) {
  put(forge_.data(segment(context), {exchange, next_seq(context)++, flags, plaintext}));
}

}  // namespace louver::rogue
