#pragma once

#include <vector>

#include "session/terms.h"

namespace louver::session {

/// How far along the path a party stands in a direction: its author end is 0. Both use the same hop between ranks r and
/// r+1.
constexpr std::size_t rank_of(PartyIndex party, Direction direction, std::size_t middleboxes) {
  return direction == Direction::c2s ? raw(party) : middleboxes + 1 - raw(party);
}
constexpr PartyIndex party_at(std::size_t rank, Direction direction, std::size_t middleboxes) {
  return PartyIndex{static_cast<std::uint8_t>(direction == Direction::c2s ? rank : middleboxes + 1 - rank)};
}

/// The stretch of one context and direction between two parties that produce and consume it. docs/protocol.md §5
struct Segment {
  ContextId context;
  Direction direction;
  PartyIndex author;
  PartyIndex sink;
  std::size_t author_rank = 0;
  std::size_t sink_rank = 0;
  std::vector<PartyIndex> readers;    // read, inspect or redact, in the order in which a record meets them
  std::vector<PartyIndex> witnesses;  // inspect or redact, likewise
  std::vector<PartyIndex> redactors;  // likewise
  std::size_t flow = 0;               // index into PathPlan::flows(direction)
  bool apart_ends = false;            // somebody on the path may redact this context: EOM and FIN come without content

  bool has_verifiers() const { return !readers.empty(); }
  /// Readers in order, then the sink; nobody if there is no reader.
  std::vector<PartyIndex> verifiers() const;
  std::size_t verify_tags() const { return readers.empty() ? 0 : readers.size() + 1; }
  /// Readers behind `redactor`, then the sink: who gets a redact tag from it.
  std::vector<PartyIndex> redact_verifiers(PartyIndex redactor, std::size_t middleboxes) const;
  /// Witnesses behind `party`.
  std::vector<PartyIndex> witnesses_behind(PartyIndex party, std::size_t middleboxes) const;
  /// Octets of a DATA body besides the plaintext.
  std::size_t data_overhead() const;
};

/// Contexts with one author and sink and no redactor between: one sequence, one strict order.
struct Flow {
  Direction direction;
  PartyIndex author;
  PartyIndex sink;
  std::size_t author_rank = 0;
  std::size_t sink_rank = 0;
  std::vector<ContextId> contexts;  // ascending; the first carries the FIN
};

/// What the grants make of the path: segments and flows of both directions. Computed once for each association.
class PathPlan {
 public:
  explicit PathPlan(const Terms& terms);

  const std::vector<Segment>& segments(Direction d) const { return segments_[slot(d)]; }
  const std::vector<Flow>& flows(Direction d) const { return flows_[slot(d)]; }
  /// The segment that a frame of this context belongs to on the hop between ranks `hop` and `hop`+1; null if the
  /// context has not this direction.
  const Segment* segment_on_hop(ContextId context, Direction direction, std::size_t hop) const;
  std::size_t middleboxes() const { return middleboxes_; }
  /// The longest body that a DATA or REDACTED frame of this session can have.
  std::size_t longest_record() const { return longest_record_; }

 private:
  std::size_t middleboxes_;
  std::size_t longest_record_ = 0;
  std::array<std::vector<Segment>, 2> segments_;  // ordered by context, then by rank
  std::array<std::vector<Flow>, 2> flows_;
};

}  // namespace louver::session
