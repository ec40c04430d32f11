#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

/// Every certificate of PEM text, in its order; other blocks are passed over. `place` names the text in errors: a path,
/// for instance.
/// @fault configuration: none there, or one that is malformed
Result<CertificatesHandle> certificates_from_pem(std::string_view pem, std::string_view place);

/// The first private key of PEM text (PKCS#8, or the older forms of one kind of key).
/// @fault configuration: none there, malformed, or encrypted: nobody is there to type a passphrase
Result<KeyHandle> key_from_pem(std::string_view pem, std::string_view place);

/// @fault internal_error
Result<std::string> pem_of(X509* certificate);
/// PKCS#8, not encrypted. @fault internal_error
Result<std::string> pem_of(EVP_PKEY* key);

}  // namespace louver::tls
