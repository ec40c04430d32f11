#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

/// Signatures of JSON Web Tokens (RFC 7518 section 3, RFC 8037 section 3.1).
namespace louver::crypto {

enum class TokenAlgorithm : std::uint8_t { rs256, ps256, es256, eddsa, hs256 };
/// As in a token's header: "RS256", "EdDSA".
std::string_view name_of(TokenAlgorithm algorithm);

/// What tokens of one algorithm are verified with. Immutable: shared by all threads.
class TokenKey {
 public:
  /// @param key  a public key in PEM: RSA of 2048 bits at least (RS256, PS256), P-256 (ES256), Ed25519 (EdDSA); for
  /// HS256 a secret of 32 octets at least, which is no PEM, with one line end behind it left out
  /// @fault configuration: it is none, or not one of this algorithm's
  static Result<std::shared_ptr<const TokenKey>> make(TokenAlgorithm algorithm, Bytes key);
  virtual ~TokenKey() = default;
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;
  virtual bool verifies(Bytes message, Bytes signature) const = 0;

 protected:
  TokenKey() = default;
};

}  // namespace louver::crypto
