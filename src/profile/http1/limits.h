#pragma once

#include <cstddef>

#include "base/limits.h"

namespace louver::profile::http1 {

inline constexpr std::size_t kib = 1024;

/// Bounds of `http/1`, in octets where a name says so. docs/protocol.md, annex http/1
struct Limits {
  // what applications and origins send
  std::size_t head_bytes = 64 * kib;       // start line and fields with the empty line: 431
  std::size_t fields = 200;                // 431
  std::size_t target_bytes = 8 * kib;      // 414
  std::size_t method_bytes = 32;           // 501
  std::size_t chunk_line_bytes = 256;      // size and extensions of one chunk: 400
  std::size_t extension_bytes = 16 * kib;  // chunk extensions of one message in all: 400
  std::size_t trailer_bytes = 16 * kib;    // 431
  std::size_t interim_responses = 16;      // 1xx for one exchange: 502
  std::size_t open_exchanges = 64;         // pipelined requests; then the agent reads no further

  // bodies out of which fields are lifted are held whole; half of held_bytes, so that what comes behind has room
  std::size_t lifted_body_bytes = 512 * kib;  // 413, 502

  // what comes out of a session: middleboxes may have added fields
  std::size_t message_bytes = 128 * kib;  // one message of a head or credentials context
  std::size_t message_fields = 400;
  std::size_t held_bytes = limits::held_bytes;          // parts that came before their turn
  std::size_t held_exchanges = limits::open_exchanges;  // exchanges that such parts belong to
  std::size_t output_bytes = 256 * kib;                 // waiting for a connection; above it no more parts are wanted
};

}  // namespace louver::profile::http1
