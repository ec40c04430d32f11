#pragma once

#include "tls/local_authority.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

struct LocalAuthority::Impl {
  CertificateHandle certificate;
  KeyHandle key;
};

/// Whether a certificate says that it is such an authority.
bool is_local_authority(const X509& certificate);

struct LocalLeaf {
  CertificateHandle certificate;
  KeyHandle key;
  WallTime renew_at;  // half of its life
};
/// For one host, with a key of its own, for a day.
/// @fault internal_error
Result<LocalLeaf> issue_local_leaf(const LocalAuthority& authority, const std::string& host, WallTime now);

}  // namespace louver::tls
