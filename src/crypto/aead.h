#pragma once

#include <memory>

#include "base/secret.h"
#include "crypto/suite.h"

struct evp_cipher_ctx_st;

namespace louver::crypto {

using Tag = std::array<std::byte, tag_octets>;
/// A 64-bit record number; the nonce is iv XOR it (RFC 8446 section 5.3). This is the only place that builds a nonce.
enum class Sequence : std::uint64_t {};

/// One AEAD key with its iv: seals, or opens, or makes tags over data that it does not encrypt.
///
/// The library's context, of about 1 KiB, is made and keyed at the first use and stays until rest(). Who calls sees to
/// it that a sequence is used once for each key when sealing or tagging, and that one thread at a time uses it.
class Aead {
 public:
  enum class Use : std::uint8_t { seal, open };

  /// key, iv = Expand-Label(secret, "key" | "iv", "", ..). docs/protocol.md §5
  Aead(const Suite& suite, Use use, Bytes secret);
  /// A key that was derived elsewhere: TLS has labels of its own. `key` has the suite's length, `iv` 12 octets.
  Aead(const Suite& suite, Use use, Bytes key, Bytes iv);
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;
  ~Aead();

  /// Encrypts `plaintext` into `ciphertext` (same size; may be the same place) and writes its tag.
  void seal(Sequence seq, Bytes aad, Bytes plaintext, MutableBytes ciphertext, MutableBytes tag) const;

  /// Decrypts in place or into `plaintext` (same size). False if the tag is wrong; then `plaintext` has been zeroed.
  [[nodiscard]] bool open(Sequence seq, Bytes aad, Bytes ciphertext, Bytes tag, MutableBytes plaintext) const;

  /// The AEAD's tag over an empty plaintext with the pieces as aad. Only for Use::seal.
  Tag tag(Sequence seq, std::initializer_list<Bytes> aad) const;
  /// Whether `expected` is that tag; constant time.
  [[nodiscard]] bool check(Sequence seq, std::initializer_list<Bytes> aad, Bytes expected) const;

  /// Gives the library's context back, wiped; the next use makes another. For sessions in which nothing moves.
  void rest() { context_.reset(); }

 private:
  struct FreeContext {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  evp_cipher_ctx_st* context() const;
  std::array<std::byte, iv_octets> nonce(Sequence seq) const;

  const Suite* suite_;
  Use use_;
  Secret<struct AeadKey> key_;
  mutable std::unique_ptr<evp_cipher_ctx_st, FreeContext> context_;
  std::array<std::byte, iv_octets> iv_{};
};

/// Defined with the real cryptography only: the louver program refers to it, so that it cannot link the null one.
extern const bool real_cryptography;

}  // namespace louver::crypto
