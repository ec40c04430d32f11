#pragma once

#include <variant>

#include "tls/certificate.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

/// A chain that ends at a configured anchor and of which signatures, validity, constraints and strength have been
/// checked.
struct VerifiedChain {
  CertificatesHandle certificates;  // leaf first, anchor last
  const RolePatterns* roles;        // the anchor's; lives as long as the Trust
  WallTime not_after;               // the earliest
};

/// Why there is none. `code` is the library's X509_V_ERR_..: it chooses the alert that the peer gets.
struct ChainFault {
  int code;
  Error error;
};

/// Builds and checks a chain from `leaf`. Roles and names are not looked at: see PeerVerifier.
///
/// @param sent  what the peer sent besides; may hold the leaf too
/// @fault certificate_invalid, with the reason in words; the machine's clock is named where validity is at stake
std::variant<VerifiedChain, ChainFault> verify_chain(const Trust& trust, X509* leaf, STACK_OF(X509) * sent,
                                                     WallTime now);

}  // namespace louver::tls
