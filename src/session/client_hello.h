#pragma once

#include "base/random.h"
#include "wire/hello.h"

namespace louver::session {

struct ClientOffer;

/// The Hello that makes this offer, with a fresh random. It is not checked: decode_hello() does that.
/// docs/protocol.md §3
wire::Hello make_hello(const ClientOffer& offer, RandomSource& random);

}  // namespace louver::session
