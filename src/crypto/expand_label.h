#pragma once

#include "base/secret.h"
#include "crypto/hash.h"

namespace louver::crypto {

/// Expand-Label of RFC 8446 section 7.1 with the prefix "louver " instead of "tls13 ". docs/protocol.md §5
///
/// @param label    without the prefix; at most 248 octets
/// @param context  at most 255 octets
/// @param out      1 .. suite.hash_octets octets (one block of HKDF-Expand)
void expand_label(const Suite& suite, Bytes secret, std::string_view label, Bytes context, MutableBytes out);

/// The same as a secret of L octets.
template <class Kind>
Secret<Kind> expand_secret(const Suite& suite, Bytes secret, std::string_view label, Bytes context) {
  Secret<Kind> out{suite.hash_octets};
  expand_label(suite, secret, label, context, out.fill());
  return out;
}

/// HKDF-Extract(salt, ikm) of RFC 5869 with the suite's hash.
template <class Kind>
Secret<Kind> extract(const Suite& suite, Bytes salt, Bytes ikm) {
  Secret<Kind> out{suite.hash_octets};
  hmac(suite, salt, {ikm}, out.fill());
  return out;
}

}  // namespace louver::crypto
