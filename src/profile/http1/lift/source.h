#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace louver::profile::http1 {

/// Where in a message the value of a field context stands: `header:x-card`, `form:card`, `json:/payment/card`.
/// docs/protocol.md, annex http/1, "Field contexts"
struct FieldSource {
  enum class Kind : std::uint8_t { header, form, json };
  Kind kind = Kind::header;
  std::vector<std::string> path;  // header and form: one name; json: the names of members from the root
  std::string text;               // as it is configured, and as messages of the context name it
  bool operator==(const FieldSource&) const = default;
};

inline constexpr std::size_t field_source_octets_most = 255;
inline constexpr std::size_t json_path_most = 16;

/// @param text  printable ASCII. `header:` with a name in lower case of a field that goes into the head and that
///              nothing depends on; `form:` with a name; `json:` with a JSON pointer (RFC 6901) to a member of objects
/// @fault configuration  what is wrong with it
Result<FieldSource> parse_field_source(std::string_view text);

/// Both would be lifted out of one another's place: the same one, or a member within a value.
bool overlap(const FieldSource& a, const FieldSource& b);

}  // namespace louver::profile::http1
