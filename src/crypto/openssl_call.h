#pragma once

#include <cstdlib>

#include "base/bytes.h"

/// Small things for calls of the library, only for src/crypto.
namespace louver::crypto {

/// Only lack of memory or a broken library gets here; no input can.
inline void require(bool ok) {
  if (!ok) std::abort();
}

inline const unsigned char* u8(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
inline unsigned char* u8(MutableBytes bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace louver::crypto
