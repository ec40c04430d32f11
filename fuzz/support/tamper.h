#pragma once

#include "sim/chain.h"
#include "support/script.h"

namespace louver::fuzz {

/// What a network does to the frames of a hop, by order of the script: drop, flip, cut, insert, double, swap. The
/// script outlives it; when it is at its end, frames pass.
inline sim::Tamper tamper_by(Script& script) {
  return [&script, late = Buffer{}](Buffer frame, std::vector<Buffer>& out) mutable {
    const std::uint8_t order = script.octet();
    switch (order & 15) {
      case 1:
        return;
      case 2:
        frame[script.number() % frame.size()] ^= std::byte{1} | std::byte{script.octet()};
        break;
      case 3:
        frame.resize(script.number() % frame.size());
        break;
      case 4:
        out.push_back(to_buffer(script.string()));
        break;
      case 5:
        out.push_back(frame);
        break;
      case 6:
        if (late.empty()) {
          late = std::move(frame);
          return;
        }
        break;
      default:
        break;
    }
    if (!frame.empty()) out.push_back(std::move(frame));
    if (!late.empty()) out.push_back(std::exchange(late, {}));
  };
}

}  // namespace louver::fuzz
