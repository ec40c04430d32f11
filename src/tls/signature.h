#pragma once

#include <array>
#include <vector>

#include "tls/certificate.h"

/// Signatures of Louver's own beside those of TLS, under the same keys: kept apart by a text in front (RFC 8446 section
/// 4.4.3 keeps its own apart in the same way). docs/protocol.md §9
namespace louver::tls {

struct Signature {
  std::uint16_t algorithm = 0;  // a SignatureScheme of TLS 1.3
  Buffer octets;
};

/// Signs 64 spaces || "louver/1 receipt" || 0 || statement with the identity's key.
/// @fault internal_error: the key's kind has no scheme here, or the library failed
/// @cost a private-key operation
Result<Signature> sign_receipt(const Identity& identity, Bytes statement);

/// What a bare Ed25519 key signs, and its public half.
struct BareSignature {
  std::array<std::byte, 32> public_key{};
  Signature signature;
};
/// The same by the Ed25519 key of that private seed (RFC 8032 section 5.1.5), which no certificate names: for test
/// vectors, whose keys are no secrets.
/// @fault internal_error: not 32 octets, or the library failed
Result<BareSignature> sign_receipt_by_seed(Bytes seed, Bytes statement);

/// @param leaf_der  the signer's certificate; whether it is to be trusted is another question: see check_certificates
/// @fault certificate_invalid: another algorithm than the key's, or the signature does not hold
Result<> verify_receipt(Bytes leaf_der, const Signature& signature, Bytes statement);

/// Looks at a certificate that was kept: chain, validity at `at`, role and name, as a channel would have then.
/// @param certificates  DER, the leaf first
/// @param name          empty: any (a client)
/// @fault certificate_invalid, certificate_role, certificate_name
Result<VerifiedPeer> check_certificates(const std::vector<Buffer>& certificates, std::shared_ptr<const Trust> trust,
                                        Role role, const std::string& name, WallTime at);

}  // namespace louver::tls
