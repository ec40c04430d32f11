#include <openssl/crypto.h>

#include "crypto/hash.h"

namespace louver::crypto {

bool equal_in_constant_time(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace louver::crypto
