#pragma once

#include "base/random.h"

namespace louver::crypto {

/// The TLS library's generator. Ends the process if it has no randomness to give.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace louver::crypto
