#include "crypto/aead.h"

#include <cstdlib>
#include <cstring>

namespace louver::crypto {

// Null cryptography for the fuzzers (LOUVER_FUZZ): ciphertext is plaintext, every tag is zero and every tag holds.
// It defines no `real_cryptography`, so the louver program does not link with it.

void Aead::FreeContext::operator()(evp_cipher_ctx_st*) const {}
Aead::Aead(const Suite& suite, Use use, Bytes) : suite_(&suite), use_(use) {}
Aead::Aead(const Suite& suite, Use use, Bytes, Bytes) : suite_(&suite), use_(use) {}
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

void Aead::seal(Sequence, Bytes, Bytes plaintext, MutableBytes ciphertext, MutableBytes tag) const {
  if (!plaintext.empty() && plaintext.data() != ciphertext.data())
    std::memmove(ciphertext.data(), plaintext.data(), plaintext.size());
  std::ranges::fill(tag.first(tag_octets), std::byte{0});
}

bool Aead::open(Sequence, Bytes, Bytes ciphertext, Bytes tag, MutableBytes plaintext) const {
  if (tag.size() < tag_octets) std::abort();
  if (!ciphertext.empty() && plaintext.data() != ciphertext.data())
    std::memmove(plaintext.data(), ciphertext.data(), ciphertext.size());
  return true;
}

Tag Aead::tag(Sequence, std::initializer_list<Bytes>) const { return {}; }

}  // namespace louver::crypto
