#pragma once

#include <string>

#include "base/bytes.h"
#include "profile/http1/framing.h"
#include "profile/http1/head_scanner.h"
#include "profile/http1/limits.h"
#include "profile/http1/refusal.h"
#include "profile/http1/trailers.h"

namespace louver::profile::http1 {

/// Takes the transfer coding off a body as it arrives; holds one chunk line or the trailers, never content.
///
/// Chunks are taken as RFC 9112 §7.1 writes them and in no other way: hexadecimal size, extensions without blanks, CR
/// LF; their number of octets is bounded (HT-14). Trailers are judged by accept_trailers() (HT-07).
class BodyDecoder {
 public:
  BodyDecoder(Framing framing, const Limits& limits, TrailerUse trailers = TrailerUse::drop);

  struct Step {
    std::size_t consumed = 0;
    Bytes content;  // a view into the input; may be empty
  };
  /// Takes one stretch from the front of `input`, which is not empty. After a refusal or `done` it takes nothing.
  Step step(Bytes input);

  /// The body is complete; never true for until_close.
  bool done() const { return state_ == State::done; }
  bool until_close() const { return state_ == State::until_close; }
  /// Once it is: what stood behind it and is to be carried.
  const Fields& trailers() const { return trailers_; }
  const Verdict& refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t { counted, chunk_line, chunk_data, chunk_end, trailers, until_close, done };

  Step take_counted(Bytes input);
  Step take_line(Bytes input);
  Step take_chunk_end(Bytes input);
  Step take_trailers(Bytes input);
  Verdict read_chunk_line(std::string_view line);

  Limits limits_;
  State state_;
  std::uint64_t left_ = 0;  // of the body or the chunk
  std::size_t extension_bytes_ = 0;
  std::string line_;  // of a chunk's size, or what came of its end
  TrailerUse trailer_use_;
  Buffer trailer_block_;
  Fields trailers_;
  HeadScanner trailer_scanner_;
  Verdict refusal_;
};

}  // namespace louver::profile::http1
