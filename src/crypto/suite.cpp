#include "crypto/suite.h"

namespace louver::crypto {
namespace {
constexpr Suite suites[] = {
    {SuiteId::aes_128_gcm_sha256, 32, 16, "AES-128-GCM-SHA256"},
    {SuiteId::aes_256_gcm_sha384, 48, 32, "AES-256-GCM-SHA384"},
    {SuiteId::chacha20_poly1305_sha256, 32, 32, "CHACHA20-POLY1305-SHA256"},
};
}  // namespace

std::span<const Suite> all_suites() { return suites; }

const Suite* find_suite(std::uint16_t id) {
  for (const Suite& suite : suites) {
    if (static_cast<std::uint16_t>(suite.id) == id) return &suite;
  }
  return nullptr;
}

}  // namespace louver::crypto
