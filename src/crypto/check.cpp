#include "crypto/aead.h"
#include "crypto/hash.h"

namespace louver::crypto {

bool Aead::check(Sequence seq, std::initializer_list<Bytes> aad, Bytes expected) const {
  const Tag own = tag(seq, aad);
  return equal_in_constant_time(own, expected);
}

}  // namespace louver::crypto
