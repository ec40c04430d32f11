#pragma once

#include "base/result.h"
#include "tls/certificate.h"
#include "tls/chain.h"

namespace louver::tls {

/// The one role that a verified chain gives its leaf: by its only extended key usage, which no issuer below the anchor
/// may exclude; or, where the anchor has patterns, by its only URI. docs/protocol.md §4 "Certificates"
/// @fault certificate_role, with the reason in words
Result<Role> role_of(const VerifiedChain& chain);

/// Refuses a leaf that is an authority, or that may not sign (a TLS 1.3 party proves its key by a signature).
/// @fault certificate_role
Result<> check_leaf_kind(const X509& leaf);

}  // namespace louver::tls
