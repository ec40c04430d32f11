#include "vectors/captured_session.h"

#include "profile/registry.h"
#include "session/join_tags.h"
#include "vectors/run.h"

namespace louver::vectors {
namespace {

std::string frame_path(std::size_t hop, Direction direction, std::size_t index) {
  return "/inputs/session/" + std::to_string(hop) + "/" + name_of(direction) + "/" + std::to_string(index);
}

Error at_frame(const std::string& path, Fault fault, const std::string& why) { return Error{fault, path + ": " + why}; }

wire::FrameView view_of(Buffer& frame, const wire::FrameHeader& header) { return {header, frame}; }

bool is_record(const wire::FrameHeader& header) {
  return header.type == wire::FrameType::data || header.type == wire::FrameType::redacted;
}

/// A record in the hands of the receiver of its hop.
struct Checked {
  Json row;
  ContextId context{};
  std::uint64_t seq = 0;
  bool tombstone = false;
  Buffer frame;
};

/// One hop in one direction: its frames as its receiver checks them.
class HopCheck {
 public:
  static Result<HopCheck> make(const Path& path, const session::ProfileTraits& profile, Direction direction,
                               std::size_t rank) {
    HopCheck out{path, direction, rank};
    out.ledger_ = std::make_unique<session::ExchangeLedger>();
    out.ledger_->highest_c2s = 0xFFFFFFFF;  // the frames of both directions are not in one order here
    LOUVER_ASSIGN(session::Receiver receiver,
                  session::Receiver::make(path.keys(out.self()), direction, profile, *out.ledger_));
    out.receiver_ = std::make_unique<session::Receiver>(std::move(receiver));
    return out;
  }

  Result<Checked> take(const Buffer& octets) {
    Checked out;
    out.frame = octets;
    LOUVER_ASSIGN(const wire::FrameHeader header, wire::read_header(Bytes{octets}.first(wire::header_octets)));
    if (!is_record(header)) return Error{Fault::unexpected_frame, "only DATA and REDACTED are wanted behind the JOIN"};
    Buffer copy = octets;
    const wire::FrameView frame = view_of(copy, header);
    LOUVER_ASSIGN(const session::AcceptedRecord record, receiver_->accept(frame));
    LOUVER_ASSIGN(out.row, describe_record(*path_, frame, direction_, rank_));
    out.row.erase("frame");  // it stands in the inputs
    out.row["direction"] = name_of(direction_);
    out.row["receiver"] = self();
    out.context = record.context();
    out.seq = record.seq();
    out.tombstone = record.data() == nullptr;
    LOUVER_TRY(add_taken(record, out.row));
    return out;
  }
  bool ended() const { return receiver_->ended_all(); }
  std::size_t self() const { return raw(session::party_at(rank_ + 1, direction_, path_->middleboxes())); }

 private:
  HopCheck(const Path& path, Direction direction, std::size_t rank)
      : path_(&path), direction_(direction), rank_(rank) {}

  Result<> add_taken(const session::AcceptedRecord& record, Json& row) {
    if (!receiver_->can_open(record.context())) {
      row["taken"] = describe_taken(record, std::nullopt);
      row["taken"]["opened"] = false;
      return {};
    }
    Buffer plaintext;
    LOUVER_ASSIGN(const std::optional<session::Part> part, open_record(*receiver_, record, plaintext));
    row["taken"] = describe_taken(record, part);
    row["taken"]["opened"] = true;
    return {};
  }

  const Path* path_;
  Direction direction_;
  std::size_t rank_;
  std::unique_ptr<session::ExchangeLedger> ledger_;
  std::unique_ptr<session::Receiver> receiver_;
};

/// The octets that stay the same through all the segment: all but witness slots and the hop tag.
Result<Buffer> lasting(const Path& path, const session::Segment& segment, Checked& record, PartyIndex receiver) {
  LOUVER_ASSIGN(const wire::FrameHeader header, wire::read_header(Bytes{record.frame}.first(wire::header_octets)));
  const wire::FrameView frame = view_of(record.frame, header);
  Buffer out;
  if (record.tombstone) {
    LOUVER_ASSIGN(const session::RedactedView stone,
                  session::view_redacted(frame, segment, receiver, path.middleboxes()));
    append(out, stone.stated);
    append(out, stone.redact);
  } else {
    LOUVER_ASSIGN(const session::DataView data, session::view_data(frame, segment, path.terms().max_record()));
    append(out, data.sealed);
    append(out, data.verify);
  }
  return out;
}

/// The records of one direction on every hop, by rank.
using ByRank = std::vector<std::vector<Checked>>;

Checked* find_same(std::vector<Checked>& records, const Checked& wanted) {
  const auto found = std::ranges::find_if(
      records, [&](const Checked& one) { return one.context == wanted.context && one.seq == wanted.seq; });
  return found == records.end() ? nullptr : &*found;
}

/// What crosses the party between both hops without ending there is the same behind it, or its tombstone.
Result<> check_passed(const Path& path, Direction direction, std::size_t rank, ByRank& records) {
  const session::PathPlan& plan = path.client().plan;
  const PartyIndex between = session::party_at(rank + 1, direction, path.middleboxes());
  for (Checked& before : records[rank]) {
    const session::Segment* segment = plan.segment_on_hop(before.context, direction, rank);
    if (segment->sink == between) continue;
    Checked* behind = find_same(records[rank + 1], before);
    const std::string what =
        "context " + std::to_string(raw(before.context)) + ", record " + std::to_string(before.seq);
    const Error changed{Fault::record_order,
                        "/inputs/session: " + what + " has changed at party " + std::to_string(raw(between))};
    if (behind == nullptr) return changed;
    if (behind->tombstone && !before.tombstone) {
      if (behind->row["redactor"] != raw(between)) return changed;
      continue;
    }
    if (behind->tombstone != before.tombstone) return changed;
    const PartyIndex next = session::party_at(rank + 2, direction, path.middleboxes());
    LOUVER_ASSIGN(const Buffer first, lasting(path, *segment, before, between));
    LOUVER_ASSIGN(const Buffer second, lasting(path, *segment, *behind, next));
    if (first != second) return changed;
  }
  return {};
}

Result<std::vector<Checked>> check_hop(const Capture& capture, const Path& path, const session::ProfileTraits& profile,
                                       Direction direction, std::size_t rank) {
  const std::size_t hop = direction == Direction::c2s ? rank : path.middleboxes() - rank;
  LOUVER_ASSIGN(HopCheck check, HopCheck::make(path, profile, direction, rank));
  const std::vector<Buffer>& frames = capture.session[hop].frames[slot(direction)];
  std::vector<Checked> out;
  for (std::size_t i = direction == Direction::c2s ? 1 : 0; i < frames.size(); ++i) {  // the JOIN stands first
    auto checked = check.take(frames[i]);
    if (!checked) return at_frame(frame_path(hop, direction, i), checked.error().fault, checked.error().detail);
    out.push_back(*std::move(checked));
  }
  if (!check.ended())
    return at_frame("/inputs/session/" + std::to_string(hop) + "/" + name_of(direction), Fault::truncated,
                    "a flow has no FIN");
  return out;
}

}  // namespace

Result<Json> check_joins(const Capture& capture, CapturedAgreement& agreed) {
  const auto& first = capture.session.front().frames[slot(Direction::c2s)];
  if (first.empty() || first.front().size() != session::join_tags::frame_octets ||
      first.front().front() != static_cast<std::byte>(wire::FrameType::join))
    return at_frame(frame_path(0, Direction::c2s, 0), Fault::unexpected_frame, "JOIN is wanted first");
  LOUVER_ASSIGN(const wire::Join join, wire::decode<wire::Join>(Bytes{first.front()}.subspan(wire::header_octets)));
  if (join.alive > agreed.alive)
    return at_frame(frame_path(0, Direction::c2s, 0), Fault::join_late, "an Alive that the server has not sent");
  agreed.path.session = SessionNumber{join.session};
  LOUVER_ASSIGN(Json joins, joins_of(agreed.path, join.alive));
  for (std::size_t hop = 0; hop < capture.session.size(); ++hop) {
    const auto& frames = capture.session[hop].frames[slot(Direction::c2s)];
    if (frames.empty() || joins[hop] != to_hex(frames.front()))
      return at_frame(frame_path(hop, Direction::c2s, 0), Fault::bad_value,
                      "not the JOIN that follows from the key log");
  }
  return joins;
}

Result<Json> check_records(const Capture& capture, const CapturedAgreement& agreed) {
  const Path& path = agreed.path;
  const session::ProfileTraits* profile = profile::find_profile(path.terms().profile());
  if (profile == nullptr) return Error{Fault::bad_value, "no such profile"};
  Json out = Json::array();
  for (const Direction direction : both_directions) {
    ByRank records;
    for (std::size_t rank = 0; rank <= path.middleboxes(); ++rank) {
      LOUVER_ASSIGN(std::vector<Checked> hop, check_hop(capture, path, *profile, direction, rank));
      for (const Checked& record : hop) out.push_back(record.row);
      records.push_back(std::move(hop));
    }
    for (std::size_t rank = 0; rank < path.middleboxes(); ++rank)
      LOUVER_TRY(check_passed(path, direction, rank, records));
  }
  return out;
}

}  // namespace louver::vectors
