#pragma once

#include "base/fault.h"
#include "tls/test_certificates.h"

namespace louver::tls::test {

/// The name that every peer of these tests is expected to have.
inline constexpr const char* peer_name = "peer.example";
inline constexpr const char* peer_spiffe_id = "spiffe://example/louver/peer";

/// What a peer shows, and the anchors of who checks it.
struct Material {
  Party leaf;
  std::vector<Party> intermediates;
  std::shared_ptr<const Trust> trust;
};

/// One way in which a certificate must not be, for a peer of any role; everything else about it is right.
struct BadCertificate {
  const char* what;
  Fault fault;
  Material (*make)(Role role);
};
std::vector<BadCertificate> bad_certificates();

/// The anchor of the good ones.
const Party& root();
RolePatterns uri_patterns();  // "spiffe://example/louver/<role>/*"
std::string uri_for(Role role);

}  // namespace louver::tls::test
