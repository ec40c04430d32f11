#pragma once

#include <optional>

#include "tls/web_context_impl.h"

namespace louver::tls {

/// Checks the certificate of an ordinary web server: chain, validity, strength, purpose and name by the library, and
/// that no authority of Louver's own is in its chain (SECURITY HT-18).
///
/// @param handshake  as the library's verification callback gets it
/// @return why it is refused, in words with the remedy; the code for the alert is then in `handshake`
/// @fault certificate_invalid, certificate_name
std::optional<Error> verify_web_server(const WebContext::Impl& context, X509_STORE_CTX* handshake, WallTime now);

}  // namespace louver::tls
