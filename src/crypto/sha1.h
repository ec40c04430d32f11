#pragma once

#include <array>

#include "base/bytes.h"

namespace louver::crypto {

/// SHA-1 of `octets`. Only for what a foreign protocol prescribes, as RFC 6455 does for an answer that shows that its
/// author knows WebSocket: no security of ours may rest on it.
std::array<std::byte, 20> sha1(Bytes octets);

}  // namespace louver::crypto
