#include "role/demo/insider_relay.h"

#include "role/demo/cast.h"

namespace louver::role::demo {

using crypto::Aead;
using crypto::Sequence;
using session::DataView;
using session::KeySource;
using session::Outbound;

namespace {

constexpr std::string_view blind_context = "request-credentials", answer_context = "response-body";
/// Where in the plaintext of a request head the byte is flipped: behind "POST ", in the target.
constexpr std::size_t flipped_octet = 6;

PartyIndex neighbour(PartyIndex self, Direction direction) {
  return PartyIndex{static_cast<std::uint8_t>(direction == Direction::c2s ? raw(self) + 1 : raw(self) - 1)};
}

}  // namespace

Result<std::unique_ptr<session::RelaySession>> InsiderRelay::make(const KeySource& keys,
                                                                  const session::ProfileTraits& profile, Duration idle,
                                                                  Attempt attempt, Helper helper) {
  std::unique_ptr<InsiderRelay> made{new InsiderRelay{keys, idle, attempt, std::move(helper)}};
  LOUVER_TRY(made->load_keys(keys, profile));
  return std::unique_ptr<session::RelaySession>{std::move(made)};
}

InsiderRelay::InsiderRelay(const KeySource& keys, Duration idle, Attempt attempt, Helper helper)
    : RelaySession(keys, idle, TimePoint::max()),
      plan_(&keys.plan()),
      terms_(keys.terms()),
      self_(keys.self()),
      attempt_(attempt),
      helper_(std::move(helper)) {}

Result<> InsiderRelay::load_keys(const KeySource& keys, const session::ProfileTraits& profile) {
  LOUVER_TRY(load(keys, profile));
  for (Direction direction : both_directions) {
    LOUVER_ASSIGN(Aead hop,
                  keys.aead(session::hop_item(direction, self_, neighbour(self_, direction)), Aead::Use::seal));
    ways_.push_back({session::Hop{std::move(hop), keys.sequence_end()},
                     std::vector<std::uint64_t>(plan_->flows(direction).size())});
  }
  LOUVER_ASSIGN(const std::vector<session::Item> items, session::items_of(terms_, *plan_));
  for (const session::Item& item : items) {
    if (!item.held_by(self_)) continue;
    LOUVER_ASSIGN(Aead key, keys.aead(item.name, Aead::Use::open));
    all_keys_.push_back(std::move(key));
    if (item.name.kind == static_cast<std::uint8_t>(session::ItemKind::read)) {
      LOUVER_ASSIGN(read_open_, keys.aead(item.name, Aead::Use::open));
      LOUVER_ASSIGN(read_seal_, keys.aead(item.name, Aead::Use::seal));
    } else if (item.name.kind == static_cast<std::uint8_t>(session::ItemKind::verify)) {
      LOUVER_ASSIGN(own_verify_, keys.aead(item.name, Aead::Use::seal));
    }
  }
  tried_.keys = all_keys_.size();
  return {};
}

Result<std::size_t> InsiderRelay::receive(Side from, MutableBytes input, session::RelayHandler& handler, TimePoint now,
                                          Outbound& onward) {
  Outbound honest;
  LOUVER_ASSIGN(const std::size_t consumed, RelaySession::receive(from, input, handler, now, honest));
  Buffer octets = honest.flatten();
  MutableBytes rest = octets;
  Outbound acted;
  while (!cut_ && !rest.empty()) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(rest, plan_->longest_record()));
    if (!frame) return Error{Fault::internal_error, "a relay put out half a frame"};
    rest = rest.subspan(frame->whole.size());
    LOUVER_ASSIGN(Record record, take(*frame, direction_from(from)));
    LOUVER_TRY(act(std::move(record), acted));
  }
  acted.for_each_run([&](Bytes run) { onward.append(run); });
  if (from == Side::client) {
    acted.for_each_run([&](Bytes run) { append(sent_, run); });
  } else if (const auto told = std::exchange(helper_.on_answer, nullptr)) {
    told(sent_);
  }
  if (attempt_ == Attempt::read && RelaySession::ended(Side::client) && RelaySession::ended(Side::server)) {
    if (const auto told = std::exchange(helper_.on_tried, nullptr)) told(tried_);
  }
  return consumed;
}

Result<InsiderRelay::Record> InsiderRelay::take(const wire::FrameView& frame, Direction direction) {
  const std::size_t hop = session::rank_of(self_, direction, plan_->middleboxes());
  const session::Segment* segment = plan_->segment_on_hop(ContextId{frame.header.id}, direction, hop);
  const session::ContextInfo* context = terms_.find_context(ContextId{frame.header.id});
  if (segment == nullptr || context == nullptr || frame.header.type != wire::FrameType::data) {
    return Error{Fault::internal_error, "not a record that the demonstration has"};
  }
  return Record{to_buffer(frame.whole), direction, context->name, segment,
                ways_[slot(direction)].next_seq[segment->flow]++};
}

Result<> InsiderRelay::act(Record record, Outbound& onward) {
  const bool c2s = record.direction == Direction::c2s;
  switch (attempt_) {
    case Attempt::read:
      try_keys(record);
      break;
    case Attempt::flip:
      if (!done_ && record.context == scanner.context) LOUVER_TRY(flip_what_it_reads(record));
      break;
    case Attempt::flip_blind:
      if (!done_ && record.context == blind_context) LOUVER_TRY(flip_ciphertext(record));
      break;
    case Attempt::flip_answer:
      if (!done_ && record.context == answer_context) LOUVER_TRY(flip_ciphertext(record));
      break;
    case Attempt::drop:
    case Attempt::drop_on_wire:
      if (c2s && !std::exchange(done_, true)) return {};
      break;
    case Attempt::replay:
    case Attempt::replay_on_wire:
      if (c2s && !std::exchange(done_, true)) LOUVER_TRY(put(record, onward));
      break;
    case Attempt::reorder:
    case Attempt::reorder_on_wire:
      if (c2s && !done_ && !held_) {
        held_ = std::move(record);
        return {};
      }
      if (c2s && held_) {
        done_ = true;
        LOUVER_TRY(put(record, onward));
        record = *std::exchange(held_, std::nullopt);
      }
      break;
    case Attempt::forge_end:
      if (!c2s || std::exchange(done_, true)) break;
      LOUVER_TRY(put(record, onward));
      return put_forged_end(record, onward);
    case Attempt::cut_off:
      if (c2s) cut_ = true;  // behind the first record
      break;
    case Attempt::rejoin:
    case Attempt::replay_join:
      break;
  }
  return put(record, onward);
}

bool InsiderRelay::renews_hop() const {
  return attempt_ != Attempt::drop_on_wire && attempt_ != Attempt::replay_on_wire &&
         attempt_ != Attempt::reorder_on_wire;
}

Result<DataView> InsiderRelay::view(Record& record) const {
  LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(record.frame, plan_->longest_record()));
  return session::view_data(*frame, *record.segment, terms_.max_record());
}

Result<> InsiderRelay::put(Record& record, Outbound& onward) {
  if (renews_hop()) {
    LOUVER_ASSIGN(const DataView data, view(record));
    LOUVER_TRY(ways_[slot(record.direction)].hop.stamp({data.aad, data.trailer}, data.hop));
  }
  onward.append(record.frame);
  return {};
}

/// Every key of every item, with the right sequence: if any one fitted, it would open.
void InsiderRelay::try_keys(Record& record) {
  const auto data = view(record);
  if (!data || data->ciphertext.empty()) return;
  const bool granted = terms_.grant(self_, record.segment->context, record.direction) != session::Grant::none;
  if (!granted) ++tried_.records;
  for (const Aead& key : all_keys_) {
    Buffer plaintext(data->ciphertext.size());
    const bool opened = key.open(Sequence{record.seq}, data->aad, data->ciphertext, data->tag, plaintext);
    if (granted) {
      tried_.granted_opened += opened ? 1 : 0;
      continue;
    }
    ++tried_.attempts;
    tried_.opened += opened ? 1 : 0;
    tried_.octets_opened += opened ? plaintext.size() : 0;
  }
}

/// Opens, flips, seals with the same key, and makes its own verify tag anew. The sink's it cannot make.
Result<> InsiderRelay::flip_what_it_reads(Record& record) {
  LOUVER_ASSIGN(const DataView data, view(record));
  if (data.ciphertext.size() <= flipped_octet) return {};
  done_ = true;
  const Sequence seq{record.seq};
  if (!read_open_->open(seq, data.aad, data.ciphertext, data.tag, data.ciphertext)) {
    return Error{Fault::internal_error, "the insider cannot open what it was granted"};
  }
  data.ciphertext[flipped_octet] ^= std::byte{1};
  read_seal_->seal(seq, data.aad, data.ciphertext, data.ciphertext, data.tag);
  const std::vector<PartyIndex> verifiers = record.segment->verifiers();
  const auto own = static_cast<std::size_t>(std::ranges::find(verifiers, self_) - verifiers.begin());
  std::ranges::copy(own_verify_->tag(seq, {data.sealed}), session::tag_slot(data.verify, own).begin());
  return {};
}

Result<> InsiderRelay::flip_ciphertext(Record& record) {
  LOUVER_ASSIGN(const DataView data, view(record));
  if (data.ciphertext.empty()) return {};
  done_ = true;
  data.ciphertext.front() ^= std::byte{1};
  return {};
}

/// A FIN as the author would make it, as far as the insider has keys; the sink's verify tag is left zero.
Result<> InsiderRelay::put_forged_end(const Record& behind, Outbound& onward) {
  Record end{Buffer(session::data_frame_octets(*behind.segment, 0)), behind.direction, behind.context, behind.segment,
             behind.seq + 1};
  const auto length = static_cast<std::uint32_t>(end.frame.size() - wire::header_octets);
  wire::write_header(MutableBytes{end.frame}.first(wire::header_octets),
                     {wire::FrameType::data, raw(behind.segment->context), wire::flag::fin, length});
  LOUVER_ASSIGN(const DataView data, view(end));
  read_seal_->seal(Sequence{end.seq}, data.aad, {}, {}, data.tag);
  std::ranges::copy(own_verify_->tag(Sequence{end.seq}, {data.sealed}), session::tag_slot(data.verify, 0).begin());
  return put(end, onward);
}

}  // namespace louver::role::demo
