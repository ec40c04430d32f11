#pragma once

#include <string>

#include "base/result.h"

namespace louver::tls {

/// What the TLS library has put into this thread's error queue, oldest first, in its words; empties the queue.
std::string library_errors();

/// Fault::internal_error for a call that fails only for lack of memory or in a broken library: "<doing>:
/// <library_errors>".
Error library_failed(std::string_view doing);

}  // namespace louver::tls
