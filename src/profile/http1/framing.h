#pragma once

#include <cstdint>

namespace louver::profile::http1 {

/// How the octets of a body are told from what follows them on an HTTP connection.
struct Framing {
  enum class Kind : std::uint8_t {
    none,        // no content: HEAD, 1xx, 204, 304, a request without Content-Length and Transfer-Encoding
    length,      // exactly `length` octets
    chunked,     // chunks up to one of size 0
    until_close  // responses only: up to the end of the connection
  };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

}  // namespace louver::profile::http1
