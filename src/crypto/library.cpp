#include "crypto/library.h"

#include <openssl/crypto.h>

namespace louver::crypto {

std::string_view library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace louver::crypto
