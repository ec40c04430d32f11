#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "profile/http1/fields.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// A head as it came over HTTP, cut into its parts and not yet judged.
struct RawHead {
  std::string method;  // requests
  std::string target;
  unsigned status = 0;  // responses
  std::string reason;
  bool http_1_0 = false;
  Fields fields;  // in order, names in lower case
  // the parser's own view of the framing: ours must agree with it
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

/// Parses a block that a HeadScanner found complete.
///
/// @param block        start line, fields and empty line, nothing else
/// @param field_count  what the scanner counted: a parser that sees another number is not believed
Verdict parse_raw_request(Bytes block, std::size_t field_count, RawHead& out);
Verdict parse_raw_response(Bytes block, std::size_t field_count, RawHead& out);

}  // namespace louver::profile::http1
