#include "wire/announce.h"

#include <algorithm>

#include "wire/frame.h"

namespace louver::wire {

Result<Announce> decode_announce(Bytes body) {
  LOUVER_ASSIGN(Announce announce, decode<Announce>(body));
  if (!is_party_name(as_text(announce.party.name.bytes))) return Error{Fault::bad_value, "an announced name is none"};
  if (announce.party.port == 0 || announce.position == 0)
    return Error{Fault::bad_value, "an announced port or position is 0"};
  const auto& wishes = announce.wishes.items;
  for (const Wish& wish : wishes) {
    if ((wish.grants & 0x0F) > 4 || wish.grants >> 4 > 4)
      return Error{Fault::bad_value, "a grant above 4 is wished for"};
    const auto same = [&](const Wish& other) { return other.context == wish.context; };
    if (std::ranges::count_if(wishes, same) != 1) return Error{Fault::bad_value, "a context is wished for twice"};
  }
  return announce;
}

Buffer make_announce_frame(const Announce& announce) {
  return make_frame({FrameType::announce, 0, 0, 0}, encode(announce));
}

}  // namespace louver::wire
