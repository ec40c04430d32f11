#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/certificate.h"
#include "tls/openssl_handles.h"

/// Reading one certificate, whoever it is from: nothing here judges a chain.
namespace louver::tls {

Buffer der_of(const X509& certificate);
Digest digest_of(const X509& certificate);      // SHA-256 of the DER
Digest key_digest_of(const X509& certificate);  // SHA-256 of the SubjectPublicKeyInfo

/// Clamped to what WallTime can say (a certificate may end in the year 9999); a time that cannot be read counts as long
/// past.
WallTime not_before_of(const X509& certificate);
WallTime not_after_of(const X509& certificate);

/// For log lines: printable ASCII, at most 256 characters.
std::string subject_of(const X509& certificate);
std::string issuer_of(const X509& certificate);
std::string serial_of(const X509& certificate);  // hexadecimal

/// A DNS name or URI of the subject alternative name, as it is there: any octets.
struct AlternativeName {
  enum class Kind : std::uint8_t { dns, uri } kind;
  std::string text;
};
/// In the extension's order; addresses and other kinds are left out.
/// @fault certificate_name: the extension is malformed or there twice
Result<std::vector<AlternativeName>> alternative_names_of(const X509& certificate);

/// DNS-IDs and SPIFFE ids among them, in their order. The common name, addresses and other URIs are no names.
/// @fault certificate_name: as above, or one of these names is malformed (names.h)
Result<std::vector<std::string>> names_of(const X509& certificate);

/// The extended key usages in dotted form, in their order; nothing if there is no such extension.
/// @fault certificate_role: the extension is malformed or there twice
Result<std::optional<std::vector<std::string>>> usages_of(const X509& certificate);

/// The role whose usage is the only one in the certificate.
std::optional<Role> role_by_usage(const X509& certificate);

/// False only if there is a key usage extension without digitalSignature.
bool may_sign(const X509& certificate);
/// Whether anything in it says that it is a certificate authority.
bool is_authority(const X509& certificate);
/// Whether an extension that the library knows cannot be read, or is there twice.
bool has_malformed_extension(const X509& certificate);

/// RFC 3339 in UTC, to the second.
std::string text_of(WallTime time);

/// Of a key: RSA 2048, P-224. Below it no peer accepts the certificate.
inline constexpr int least_security_bits = 112;

}  // namespace louver::tls
