#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tls/certificate.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

struct VerifiedChain;

/// Whom one end of a channel expects at the other.
struct Expectation {
  Role role;
  std::string name;       // exactly as it must be among the leaf's names
  bool any_name = false;  // true: `name` is empty and every name will do
};

/// The only one that makes a VerifiedPeer: chain, validity, strength, role and name have then all been checked.
class PeerVerifier {
 public:
  PeerVerifier(std::shared_ptr<const Trust> trust, Expectation expected);

  /// @param sent  the certificates that the peer sent; may hold the leaf too
  /// @fault certificate_invalid, certificate_role, certificate_name, each with the reason in words. docs/protocol.md §4
  /// "Certificates"
  Result<VerifiedPeer> verify(X509* leaf, STACK_OF(X509) * sent, WallTime now);

  /// After a fault: the X509_V_ERR_.. that makes the TLS library send the alert which fits best.
  int library_code() const { return library_code_; }

 private:
  Result<VerifiedPeer> verify(const VerifiedChain& chain);
  Result<std::string> verify_name(const std::vector<std::string>& names);

  std::shared_ptr<const Trust> trust_;
  Expectation expected_;
  int library_code_ = X509_V_OK;
};

}  // namespace louver::tls
