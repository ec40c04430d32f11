#pragma once

#include "base/bytes.h"

namespace louver {

/// Where an engine's random bytes come from: the library's generator in production (crypto::SystemRandom), a counter in
/// tests.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutableBytes out) = 0;

 protected:
  RandomSource() = default;
  RandomSource(const RandomSource&) = default;
  RandomSource& operator=(const RandomSource&) = default;
};

}  // namespace louver
