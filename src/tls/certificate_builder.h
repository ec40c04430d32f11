#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

/// One certificate in the making. The first step that fails is remembered, and `sign` reports it; so the steps need no
/// checks between them.
class CertificateBuilder {
 public:
  /// For `key`, issued by `issuer` (null: by itself), with a random 128-bit serial number.
  CertificateBuilder(EVP_PKEY* key, X509* issuer);

  CertificateBuilder& common_name(const std::string& name);
  CertificateBuilder& validity(std::chrono::sys_seconds not_before, std::chrono::sys_seconds not_after);
  /// An extension of which the value does not come from outside, in the words of x509v3_config(5).
  CertificateBuilder& extension(int nid, const char* value);
  CertificateBuilder& extended_key_usage(const char* oid);
  /// DNS names and SPIFFE ids; they have passed `party_name_fault`.
  CertificateBuilder& names(const std::vector<std::string>& names);

  /// @fault internal_error
  Result<CertificateHandle> sign(EVP_PKEY* issuer_key);

 private:
  void note(bool ok) { ok_ = ok_ && ok; }
  void add(int nid, void* value);

  CertificateHandle certificate_;
  X509* issuer_;
  bool ok_ = true;
};

/// @fault internal_error
Result<KeyHandle> make_p256_key();

}  // namespace louver::tls
