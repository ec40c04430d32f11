#include "crypto/system_random.h"

#include <openssl/rand.h>

#include <cstdlib>

namespace louver::crypto {

void SystemRandom::fill(MutableBytes out) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) != 1) std::abort();
}

}  // namespace louver::crypto
