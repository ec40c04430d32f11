#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

/// Bodies on an ICAP connection: chunks as in HTTP/1.1, and what ICAP writes behind the size of the last. RFC 3507 §4.5
namespace louver::filter::icap {

inline constexpr std::size_t chunk_line_most = 256;  // octets of a chunk's size and extensions

inline constexpr std::string_view last_chunk = "0\r\n\r\n";
/// What is previewed was the whole of it. RFC 3507 §4.5
inline constexpr std::string_view last_chunk_of_whole = "0; ieof\r\n\r\n";

/// Appends one chunk; nothing if `octets` is empty, since that would be the last.
void append_chunk(Buffer& to, Bytes octets);

/// Takes chunks apart as they come, cut anywhere; strict: no blanks around a size, no trailers, CRLF and nothing else.
class ChunkReader {
 public:
  struct Step {
    std::size_t used = 0;  // octets of the input that are done with
    Bytes content = {};    // of the body; a view into the input
  };
  /// @param in  what follows the octets used so far
  /// @return  `used` is 0 when more is needed
  /// @fault bad_value, limit_exceeded
  Result<Step> step(Bytes in);
  bool is_done() const { return state_ == State::done; }
  /// `use-original-body`: the rest is the original from there. draft-icap-ext-partial-content-07
  std::optional<std::uint64_t> original_from() const { return original_from_; }

 private:
  enum class State : std::uint8_t { size, content, end_of_chunk, end, done };
  Result<> read_size_line(std::string_view line);
  Result<> read_extension(std::string_view extension);

  State state_ = State::size;
  std::uint64_t left_ = 0;  // of the present chunk
  std::optional<std::uint64_t> original_from_;
};

}  // namespace louver::filter::icap
