#pragma once

// For tests only: field contexts as a configuration would have them, and numbers that are none by chance.

#include <cstdlib>

#include "profile/http1/lift/lift.h"

namespace louver::profile::http1::test {

/// Counts, so that every marker is another one and tests know them.
class CountingRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    for (std::byte& octet : out) octet = std::byte{next_};
    ++next_;
  }

 private:
  std::uint8_t next_ = 1;
};

/// The marker that the n-th call makes.
inline std::string marker(unsigned n) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out{marker_prefix};
  for (int i = 0; i < 16; ++i) out.append({digits[n >> 4], digits[n & 15]});
  return out;
}

inline FieldContext field_from(std::string_view source, FieldType type = FieldType::string,
                               std::string_view name = "card", std::uint8_t id = 7) {
  auto parsed = parse_field_source(source);
  if (!parsed) std::abort();
  return {std::string{name}, *parsed, type, ContextId{id}};
}

}  // namespace louver::profile::http1::test
