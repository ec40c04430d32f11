#pragma once

#include "wire/messages.h"

namespace louver::wire {

/// What a middlebox would like to be granted on one context.
struct Wish {
  Opaque<1, 255> context;   // its name
  std::uint8_t grants = 0;  // low nibble c2s, high nibble s2c, as in a Hello
  static constexpr auto fields = std::tuple{field("context", &Wish::context), field("grants", &Wish::grants)};
  bool operator==(const Wish&) const = default;
};

/// The body of an ANNOUNCE frame: a middlebox that a Hello does not name says that it stands on the path. A hint from a
/// stranger. docs/protocol.md §10
struct Announce {
  Party party;
  std::uint8_t position = 0;  // the path index that it would have: 1..N+1 of the Hello that it answers
  Describe describe;          // its nonce is zero
  Vector<Wish, 0, 65535> wishes;
  static constexpr auto fields = std::tuple{field("party", &Announce::party), field("position", &Announce::position),
                                            field("describe", &Announce::describe), field("wishes", &Announce::wishes)};
  bool operator==(const Announce&) const = default;
};

/// @fault bad_value  the name is none, port or position is 0, a nibble is above 4, or a context is there twice
Result<Announce> decode_announce(Bytes body);
Buffer make_announce_frame(const Announce& announce);

}  // namespace louver::wire
