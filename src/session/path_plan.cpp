#include "session/path_plan.h"

#include "wire/frame.h"

namespace louver::session {
namespace {

Segment make_segment(const Terms& terms, ContextId context, Direction direction, std::size_t author_rank,
                     std::size_t sink_rank) {
  const std::size_t n = terms.middleboxes();
  Segment segment{.context = context,
                  .direction = direction,
                  .author = party_at(author_rank, direction, n),
                  .sink = party_at(sink_rank, direction, n),
                  .author_rank = author_rank,
                  .sink_rank = sink_rank,
                  .readers = {},
                  .witnesses = {},
                  .redactors = {},
                  .flow = 0,
                  .apart_ends = terms.anyone_has(Grant::redact, context, direction)};
  for (std::size_t rank = author_rank + 1; rank < sink_rank; ++rank) {
    const PartyIndex party = party_at(rank, direction, n);
    const Grant grant = terms.grant(party, context, direction);
    if (is_reader(grant)) segment.readers.push_back(party);
    if (is_witness(grant)) segment.witnesses.push_back(party);
    if (grant == Grant::redact) segment.redactors.push_back(party);
  }
  return segment;
}

std::vector<Segment> segments_of(const Terms& terms, ContextId context, Direction direction) {
  std::vector<Segment> out;
  const std::size_t n = terms.middleboxes();
  std::size_t author_rank = 0;
  for (std::size_t rank = 1; rank <= n + 1; ++rank) {
    const bool sinks = rank == n + 1 || terms.grant(party_at(rank, direction, n), context, direction) == Grant::write;
    if (!sinks) continue;
    out.push_back(make_segment(terms, context, direction, author_rank, rank));
    author_rank = rank;
  }
  return out;
}

std::vector<PartyIndex> behind(const std::vector<PartyIndex>& parties, PartyIndex party, Direction direction,
                               std::size_t middleboxes) {
  std::vector<PartyIndex> out;
  for (PartyIndex one : parties) {
    if (rank_of(one, direction, middleboxes) > rank_of(party, direction, middleboxes)) out.push_back(one);
  }
  return out;
}

}  // namespace

std::vector<PartyIndex> Segment::verifiers() const {
  std::vector<PartyIndex> out = readers;
  if (!out.empty()) out.push_back(sink);
  return out;
}

std::vector<PartyIndex> Segment::redact_verifiers(PartyIndex redactor, std::size_t middleboxes) const {
  std::vector<PartyIndex> out = behind(readers, redactor, direction, middleboxes);
  out.push_back(sink);
  return out;
}

std::vector<PartyIndex> Segment::witnesses_behind(PartyIndex party, std::size_t middleboxes) const {
  return behind(witnesses, party, direction, middleboxes);
}

std::size_t Segment::data_overhead() const {
  return wire::exchange_octets + crypto::tag_octets * (2 + verify_tags() + witnesses.size());
}

PathPlan::PathPlan(const Terms& terms) : middleboxes_(terms.middleboxes()) {
  for (Direction direction : both_directions) {
    std::vector<Flow>& flows = flows_[slot(direction)];
    for (const ContextInfo& context : terms.contexts()) {
      if (!context.has[slot(direction)]) continue;
      for (Segment& segment : segments_of(terms, context.id, direction)) {
        const auto fits = [&](const Flow& flow) {
          return segment.redactors.empty() && flow.author == segment.author && flow.sink == segment.sink &&
                 segment_on_hop(flow.contexts.front(), direction, segment.author_rank)->redactors.empty();
        };
        const auto found = std::ranges::find_if(flows, fits);
        segment.flow = static_cast<std::size_t>(found - flows.begin());
        if (found == flows.end()) {
          flows.push_back(
              {direction, segment.author, segment.sink, segment.author_rank, segment.sink_rank, {context.id}});
        } else {
          found->contexts.push_back(context.id);
        }
        longest_record_ = std::max(longest_record_, terms.max_record() + segment.data_overhead());
        segments_[slot(direction)].push_back(std::move(segment));
      }
    }
  }
}

const Segment* PathPlan::segment_on_hop(ContextId context, Direction direction, std::size_t hop) const {
  const std::vector<Segment>& all = segments_[slot(direction)];
  auto at = std::ranges::lower_bound(all, context, {}, &Segment::context);
  for (; at != all.end() && at->context == context; ++at) {
    if (at->author_rank <= hop && hop < at->sink_rank) return &*at;
  }
  return nullptr;
}

}  // namespace louver::session
