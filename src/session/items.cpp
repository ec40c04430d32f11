#include "session/items.h"

namespace louver::session {
namespace {

/// Collects items and counts what each middlebox's Keys would weigh, so that a hostile Hello cannot make the list grow
/// first.
class Collector {
 public:
  explicit Collector(const Terms& terms) : server_(terms.server()), octets_(terms.middleboxes() + 2) {
    item_octets_ = 6 + 1 + terms.suite().hash_octets;
  }

  bool add(const wire::ItemName& name, std::vector<PartyIndex> holders) {
    for (PartyIndex holder : holders) {
      octets_[raw(holder)] += item_octets_;
      if (octets_[raw(holder)] > limits::message_bytes - reserve) return false;
    }
    const bool client = std::ranges::find(holders, PartyIndex{0}) != holders.end();
    const bool server = std::ranges::find(holders, server_) != holders.end();
    const Making making = client && server ? Making::both_ends
                          : client         ? Making::client_alone
                          : server         ? Making::server_alone
                                           : Making::halves;
    items_.push_back({name, std::move(holders), making});
    return true;
  }
  std::vector<Item> take() {
    std::ranges::sort(items_, {}, &Item::name);
    return std::move(items_);
  }

 private:
  static constexpr std::size_t reserve =
      160 * 1024;  // the manifest beside the items: grants and members at their largest
  PartyIndex server_;
  std::size_t item_octets_;
  std::vector<std::size_t> octets_;
  std::vector<Item> items_;
};

bool add_segment(Collector& out, const Terms& terms, const Segment& s) {
  std::vector<PartyIndex> readers_too = {s.author, s.sink};
  readers_too.insert(readers_too.end(), s.readers.begin(), s.readers.end());
  if (!out.add(item_name(ItemKind::read, s.direction, s.context, s.author, s.sink), readers_too)) return false;
  for (PartyIndex verifier : s.verifiers()) {
    if (!out.add(item_name(ItemKind::verify, s.direction, s.context, s.author, s.sink, raw(verifier)),
                 {s.author, verifier}))
      return false;
  }
  for (PartyIndex redactor : s.redactors) {
    for (PartyIndex verifier : s.redact_verifiers(redactor, terms.middleboxes())) {
      if (!out.add(item_name(ItemKind::redact, s.direction, s.context, redactor, s.sink, raw(verifier)),
                   {redactor, verifier}))
        return false;
    }
  }
  for (PartyIndex witness : s.witnesses) {
    if (!out.add(item_name(ItemKind::witness, s.direction, s.context, witness, s.sink), {witness, s.sink}))
      return false;
  }
  return !terms.audited(s.context) ||
         out.add(item_name(ItemKind::audit, s.direction, s.context, s.author, s.sink), {s.author, s.sink});
}

bool add_end_audit(Collector& out, const Terms& terms, Direction direction) {
  const PartyIndex from = party_at(0, direction, terms.middleboxes());
  const PartyIndex to = party_at(terms.middleboxes() + 1, direction, terms.middleboxes());
  for (const ContextInfo& context : terms.contexts()) {
    if (!context.has[slot(direction)] || !terms.audited(context.id)) continue;
    if (!terms.anyone_has(Grant::write, context.id, direction)) continue;
    if (!out.add(item_name(ItemKind::end_audit, direction, context.id, from, to), {from, to})) return false;
  }
  return true;
}

bool add_hops(Collector& out, const Terms& terms, Direction direction) {
  for (std::size_t rank = 0; rank <= terms.middleboxes(); ++rank) {
    const PartyIndex from = party_at(rank, direction, terms.middleboxes());
    const PartyIndex to = party_at(rank + 1, direction, terms.middleboxes());
    if (!out.add(hop_item(direction, from, to), {from, to})) return false;
  }
  return true;
}

}  // namespace

bool Item::given_by(PartyIndex endpoint) const {
  const bool is_client = endpoint == PartyIndex{0};
  switch (making) {
    case Making::both_ends:  // the endpoint that sends in this direction
      return is_client == (name.direction == static_cast<std::uint8_t>(Direction::c2s));
    case Making::client_alone:
      return is_client;
    case Making::server_alone:
      return !is_client;
    case Making::halves:
      return true;
  }
  return false;
}

wire::ItemName item_name(ItemKind kind, Direction direction, ContextId context, PartyIndex from, PartyIndex to,
                         std::uint8_t verifier) {
  return {static_cast<std::uint8_t>(kind),
          static_cast<std::uint8_t>(direction),
          raw(context),
          raw(from),
          raw(to),
          verifier};
}

wire::ItemName hop_item(Direction direction, PartyIndex from, PartyIndex to) {
  return item_name(ItemKind::hop, direction, ContextId{0}, from, to);
}

wire::ItemName join_item(std::size_t middleboxes) {
  return item_name(ItemKind::join, Direction::c2s, ContextId{0}, PartyIndex{0},
                   PartyIndex{static_cast<std::uint8_t>(middleboxes + 1)});
}

Result<std::vector<Item>> items_of(const Terms& terms, const PathPlan& plan) {
  Collector out{terms};
  bool fits = true;
  for (Direction direction : both_directions) {
    for (const Segment& segment : plan.segments(direction)) fits = fits && add_segment(out, terms, segment);
    fits = fits && add_hops(out, terms, direction) && add_end_audit(out, terms, direction);
  }
  fits = fits && out.add(join_item(terms.middleboxes()), {PartyIndex{0}, terms.server()});
  if (!fits) return Error{Fault::limit_exceeded, "these contexts and grants need more keys than fit into one message"};
  return out.take();
}

}  // namespace louver::session
