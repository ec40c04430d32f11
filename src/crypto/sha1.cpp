#include "crypto/sha1.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace louver::crypto {

std::array<std::byte, 20> sha1(Bytes octets) {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  std::array<std::byte, 20> out{};
  // Only lack of memory or a broken library fails here; no input can.
  if (fetched == nullptr || EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(out.data()),
                                       nullptr, fetched, nullptr) != 1) {
    std::abort();
  }
  return out;
}

}  // namespace louver::crypto
