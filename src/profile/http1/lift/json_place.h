#pragma once

#include "profile/http1/lift/found.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// Finds members in a JSON document. The document must be exactly one JSON value (RFC 8259) in UTF-8: no byte order
/// mark, no lone surrogate, no number beyond a double's range, no member name twice in one object, nothing nested
/// deeper than 256.
///
/// @param sources  of kind json, none within another
/// @param out      as many as `sources`; a member in an array's element is found nowhere
/// @return what is wrong with the document
Verdict find_in_json(std::string_view document, std::span<const FieldContext* const> sources, FoundValues& out);

/// The text is one JSON value of that type, strictly as above, and nothing beside it.
bool is_json_value(std::string_view text, FieldType type);

/// A JSON string that says this; nothing if it is no UTF-8.
std::optional<std::string> json_string(std::string_view value);

}  // namespace louver::profile::http1
