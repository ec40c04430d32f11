#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "filter/coding/content_coding.h"

namespace louver::filter::coding {

/// Takes octets, in order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// @param bytes  live until the call returns
  virtual Result<> take(Bytes bytes) = 0;

 protected:
  ByteSink() = default;
  ByteSink(const ByteSink&) = default;
  ByteSink& operator=(const ByteSink&) = default;
};

/// The most that a decoder hands on at a time, so that whoever counts can stop a bomb at once.
inline constexpr std::size_t decoded_step = 16 * 1024;

/// One coding of one message that is undone as it comes.
///
/// Strict: whatever a careful client could read in another way does not decode. Members and frames that follow each
/// other are one content. Memory: 40 KiB for gzip and deflate, the window and some for br (16 MiB at most) and zstd (8
/// MiB at most, RFC 9659).
class Decoder {
 public:
  virtual ~Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Hands on all that `piece` makes known of the content, decoded_step octets at most at a time.
  /// @fault blocked_by_policy  it is not in this coding, or octets follow its end
  /// @fault whatever `out` returned
  virtual Result<> decode(Bytes piece, ByteSink& out) = 0;
  /// The message is over. One without an octet is in any coding.
  /// @fault blocked_by_policy  the coding is not at its end
  virtual Result<> end() = 0;

 protected:
  Decoder() = default;
};

/// @fault filter_failed  no memory
Result<std::unique_ptr<Decoder>> make_decoder(Coding coding);

/// For the decoders: "the content is not .. as it says: what".
Error does_not_decode(Coding coding, std::string_view what);

Result<std::unique_ptr<Decoder>> make_zlib_decoder(Coding gzip_or_deflate);
Result<std::unique_ptr<Decoder>> make_brotli_decoder();
Result<std::unique_ptr<Decoder>> make_zstd_decoder();

}  // namespace louver::filter::coding
