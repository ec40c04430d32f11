#pragma once

#include <array>
#include <initializer_list>
#include <memory>

#include "base/bytes.h"
#include "crypto/suite.h"

namespace louver::crypto {

using Hash = std::array<std::byte, 32>;

/// SHA-256 over the pieces in order.
Hash sha256(std::initializer_list<Bytes> pieces);

/// The suite's hash over the pieces in order, suite.hash_octets octets: transcripts of TLS. Everything of ours that is
/// hashed alone is SHA-256 with every suite.
Buffer digest(const Suite& suite, std::initializer_list<Bytes> pieces);

/// HMAC with the suite's hash over the pieces; writes suite.hash_octets octets to `out`.
void hmac(const Suite& suite, Bytes key, std::initializer_list<Bytes> pieces, MutableBytes out);

/// HMAC-SHA-256 whatever the suite (the tags of JOIN, docs/protocol.md §7).
Hash hmac_sha256(Bytes key, std::initializer_list<Bytes> pieces);

/// HMAC-SHA-256 over octets that come piece by piece; the key stays in it, wiped by the library when it goes.
class HmacSha256 {
 public:
  explicit HmacSha256(Bytes key);
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;
  ~HmacSha256();
  void add(Bytes piece);
  /// The tag of all since the beginning or the last finish(); begins anew under the same key.
  Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The one comparison for secrets, tags and digests: its time depends on the lengths only.
bool equal_in_constant_time(Bytes a, Bytes b);

}  // namespace louver::crypto
