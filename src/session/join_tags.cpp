#include "session/join_tags.h"

#include "crypto/expand_label.h"

namespace louver::session::join_tags {
namespace {

Result<wire::Tag32> tag(const KeySource& keys, const wire::ItemName& item, std::string_view label, Bytes covered) {
  LOUVER_ASSIGN(const SessionSecret secret, keys.secret(item));
  Secret<struct JoinKeyKind> key{32};
  crypto::expand_label(keys.terms().suite(), secret.expose(), label, {}, key.fill());
  return crypto::hmac_sha256(key.expose(), {covered});
}

Result<wire::Tag32> end_tag(const KeySource& keys, Bytes frame) {
  return tag(keys, join_item(keys.plan().middleboxes()), "join end", frame.first(wire::join_end_tag_at));
}

/// The hop that starts at path index `from`, in the direction of the JOIN.
Result<wire::Tag32> hop_tag(const KeySource& keys, std::size_t from, Bytes frame) {
  const PartyIndex sender{static_cast<std::uint8_t>(from)};
  const PartyIndex receiver{static_cast<std::uint8_t>(from + 1)};
  return tag(keys, hop_item(Direction::c2s, sender, receiver), "join hop", frame.first(wire::join_hop_tag_at));
}

}  // namespace

Result<> write_end(const KeySource& keys, MutableBytes frame) {
  LOUVER_ASSIGN(const wire::Tag32 made, end_tag(keys, frame));
  std::ranges::copy(made, frame.subspan(wire::join_end_tag_at).begin());
  return {};
}

Result<> check_end(const KeySource& keys, Bytes frame) {
  LOUVER_ASSIGN(const wire::Tag32 expected, end_tag(keys, frame));
  if (!crypto::equal_in_constant_time(expected, frame.subspan(wire::join_end_tag_at, expected.size()))) {
    return Error{Fault::join_end_tag, "the JOIN does not come from the client of this association"};
  }
  return {};
}

Result<> write_hop(const KeySource& keys, MutableBytes frame) {
  LOUVER_ASSIGN(const wire::Tag32 made, hop_tag(keys, raw(keys.self()), frame));
  std::ranges::copy(made, frame.subspan(wire::join_hop_tag_at).begin());
  return {};
}

Result<> check_hop(const KeySource& keys, Bytes frame) {
  LOUVER_ASSIGN(const wire::Tag32 expected, hop_tag(keys, raw(keys.self()) - std::size_t{1}, frame));
  if (!crypto::equal_in_constant_time(expected, frame.subspan(wire::join_hop_tag_at, expected.size()))) {
    return Error{Fault::join_hop_tag, "the JOIN's hop tag does not hold"};
  }
  return {};
}

}  // namespace louver::session::join_tags
