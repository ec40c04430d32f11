#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tls/certificate.h"

/// A small certificate authority for role-bound certificates: `louver pki`, the demo and the tests.
namespace louver::tls::pki {

struct Authority {
  std::string certificate_pem, key_pem;
};
struct Issued {
  std::string chain_pem, key_pem;
};  // leaf first; the anchor itself is not in the chain

struct AuthorityRequest {
  std::string common_name;
  std::chrono::seconds lifetime;
};
/// P-256; a critical BasicConstraints with path length 0, keyCertSign; random 128-bit serial.
Result<Authority> create_authority(const AuthorityRequest& request, WallTime now);

struct LeafRequest {
  Role role;
  std::vector<std::string> names;  // DNS-IDs (lower case, no wildcard) or spiffe:// ids, at least one
  std::chrono::seconds lifetime;
};
/// P-256 key; exactly one extended key usage (the role's), digitalSignature, SANs; nothing taken from anywhere but the
/// request.
Result<Issued> issue(const Authority& authority, const LeafRequest& request, WallTime now);

/// What `louver pki show` prints of one certificate.
struct Description {
  std::string subject, issuer, serial;
  std::vector<std::string> names;
  std::string role;
  WallTime not_before, not_after;
  Digest leaf_hash;
};
Result<std::vector<Description>> describe(std::string_view certificates_pem);

}  // namespace louver::tls::pki
