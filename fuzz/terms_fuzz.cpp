#include "session/items.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using fuzz::require;

namespace {

void check_segments(const session::Terms& terms, const session::PathPlan& plan, Direction direction) {
  const std::size_t end = terms.middleboxes() + 1;
  for (const session::ContextInfo& context : terms.contexts()) {
    std::size_t rank = 0;
    while (context.has[slot(direction)] && rank < end) {
      const session::Segment* segment = plan.segment_on_hop(context.id, direction, rank);
      require(segment != nullptr && segment->author_rank == rank && segment->sink_rank > rank,
              "segments cover the path without a gap");
      require(segment->flow < plan.flows(direction).size(), "every segment has a flow");
      const session::Flow& flow = plan.flows(direction)[segment->flow];
      require(flow.author == segment->author && flow.sink == segment->sink, "a flow has the ends of its segments");
      require(std::ranges::count(flow.contexts, context.id) == 1, "a flow names each of its contexts once");
      require(segment->redactors.empty() || flow.contexts.size() == 1, "a redactable context has a flow of its own");
      rank = segment->sink_rank;
    }
    require(context.has[slot(direction)] || plan.segment_on_hop(context.id, direction, 0) == nullptr,
            "no segment where there is no direction");
  }
}

void check_items(const session::Terms& terms, const session::PathPlan& plan) {
  const auto items = session::items_of(terms, plan);
  if (!items) return require(items.error().fault == Fault::limit_exceeded, "only the bound refuses items");
  for (std::size_t i = 1; i < items->size(); ++i) require((*items)[i - 1].name < (*items)[i].name, "items ascend");
  for (const session::Item& item : *items) {
    require(item.holders.size() >= 2, "a secret has two holders at least");
    const bool to_middlebox = item.given_by(PartyIndex{0}) || item.given_by(terms.server());
    require(to_middlebox, "an endpoint gives each secret");
  }
}

}  // namespace

/// A Hello and the Accept that answers it. In the corpus the Accept need not hold the Hello's hash: it is put there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const Bytes body = script.string();
  const auto hello = wire::decode_hello(body);
  if (!hello) return 0;
  const auto offered = session::offered_terms(*hello);
  auto accept = wire::decode<wire::Accept>(script.rest());
  if (!accept) return 0;
  accept->hello_hash = session::hash_of_hello(body);
  const auto terms = session::agree_on_terms(*hello, accept->hello_hash, *accept);
  if (!terms) return 0;
  require(offered.has_value(), "what was accepted can be offered");
  const session::PathPlan plan{*terms};
  for (Direction direction : both_directions) {
    check_segments(*terms, plan, direction);
    for (const session::ContextInfo& context : terms->contexts()) {
      for (std::size_t m = 1; m <= terms->middleboxes(); ++m) {
        const PartyIndex party{static_cast<std::uint8_t>(m)};
        require(terms->grant(party, context.id, direction) <= offered->grant(party, context.id, direction),
                "no grant is raised");
      }
    }
  }
  require(terms->max_record() <= offered->max_record(), "max_record is not raised");
  check_items(*terms, plan);
  return 0;
}
