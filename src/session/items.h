#pragma once

#include <vector>

#include "session/path_plan.h"

namespace louver::session {

/// docs/protocol.md §5, the table of kinds.
enum class ItemKind : std::uint8_t {
  read = 1,
  verify = 2,
  redact = 3,
  witness = 4,
  hop = 5,
  audit = 6,
  join = 7,
  end_audit = 8
};
inline constexpr std::uint8_t no_verifier = 255;

/// How a secret comes to be. docs/protocol.md §5
enum class Making : std::uint8_t {
  both_ends,     // both endpoints hold it: from e2e
  client_alone,  // the client is the only endpoint that holds it
  server_alone,
  halves,  // neither endpoint holds it: each gives a half
};

/// One secret of an association: its name, who holds it, how it is made.
struct Item {
  wire::ItemName name;
  std::vector<PartyIndex> holders;
  Making making = Making::both_ends;

  bool held_by(PartyIndex party) const { return std::ranges::find(holders, party) != holders.end(); }
  /// `endpoint` (0 or N+1) puts its part, or the whole secret, into its Keys for the middleboxes that hold it.
  bool given_by(PartyIndex endpoint) const;
};

wire::ItemName item_name(ItemKind kind, Direction direction, ContextId context, PartyIndex from, PartyIndex to,
                         std::uint8_t verifier = no_verifier);
wire::ItemName hop_item(Direction direction, PartyIndex from, PartyIndex to);
wire::ItemName join_item(std::size_t middleboxes);

/// Every secret that these terms call for, names ascending.
/// @fault limit_exceeded if the Keys of some middlebox would not fit into one message (1 MiB)
Result<std::vector<Item>> items_of(const Terms& terms, const PathPlan& plan);

}  // namespace louver::session
