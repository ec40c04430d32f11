#include "filter/log/sample.h"

namespace louver::filter::log {
namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view text) {
  std::uint64_t out = 0xcbf29ce484222325;
  for (const char c : text) {
    out ^= static_cast<unsigned char>(c);
    out *= 0x100000001b3;
  }
  return out;
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `x`.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

bool in_sample(std::string_view session, Exchange exchange, double share) {
  const std::uint64_t bits = mix(hash(session) ^ mix(raw(exchange)));
  constexpr double unit = 1.0 / 9007199254740992.0;  // 2^-53: 53 bits are what a double holds
  return static_cast<double>(bits >> 11) * unit < share;
}

}  // namespace louver::filter::log
