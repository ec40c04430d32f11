#pragma once

#include <random>

#include "base/random.h"
#include "base/time.h"

namespace louver::sim {

/// Virtual time: moves only when the world says so.
struct Clock {
  TimePoint mono{std::chrono::hours{1}};
  WallTime wall = std::chrono::system_clock::now();  // certificates are real, so the wall clock starts in the present
  Now now() const { return {mono, wall}; }
  void advance(Duration by) {
    mono += by;
    wall += std::chrono::duration_cast<WallTime::duration>(by);
  }
};

/// Repeatable randomness from a seed.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(MutableBytes out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(engine_());
  }
  /// Between 0 and `most`, both included.
  std::size_t upto(std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(engine_); }
  bool chance(unsigned percent) { return upto(99) < percent; }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace louver::sim
