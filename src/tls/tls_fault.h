#pragma once

#include "base/result.h"

namespace louver::tls {

/// Turns what the TLS library has put into this thread's error queue into a fault with words, and empties the queue.
///
/// A peer's alert about version or application protocol is tls_parameters too: both ends of such a mismatch say the
/// same.
/// @fault tls_failed, tls_parameters, certificate_invalid (none was sent), limit_exceeded (too many empty records)
Error fault_from_library();

}  // namespace louver::tls
