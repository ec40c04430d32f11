#pragma once

#include "filter/coding/decoder.h"

namespace louver::filter::coding {

/// A content coding that is applied to one message as it comes. Memory: 300 KiB for gzip, 2 MiB for br.
class Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  enum class Then : std::uint8_t {
    go_on,   // what is said may wait for more
    flush,   // all that came can be decoded from what is handed on
    finish,  // the message is over
  };
  /// @fault filter_failed
  virtual Result<> encode(Bytes piece, Then then, ByteSink& out) = 0;

 protected:
  Encoder() = default;
};

/// @param coding  gzip or br
/// @fault filter_failed  no memory, or another coding
Result<std::unique_ptr<Encoder>> make_encoder(Coding coding);

}  // namespace louver::filter::coding
