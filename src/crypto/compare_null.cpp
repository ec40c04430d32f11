#include "crypto/hash.h"

namespace louver::crypto {

/// Null cryptography: every tag holds, so that a fuzzer gets past it. Only in builds that cannot link the louver
/// program.
bool equal_in_constant_time(Bytes, Bytes) { return true; }

}  // namespace louver::crypto
