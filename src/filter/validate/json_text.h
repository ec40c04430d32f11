#pragma once

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/result.h"

namespace louver::filter::validate {

using Json = nlohmann::json;

struct JsonBounds {
  std::size_t depth_most = 64;
  std::size_t values_most = 100'000;  // members, items and what holds them
};

/// Reads JSON of which all readers think the same (RFC 8259, and RFC 7493 on names and numbers).
///
/// Refused besides what is no JSON: a byte order mark, octets that are no UTF-8, lone surrogates, a name twice in an
/// object, numbers beyond a double, anything behind the value.
/// @fault blocked_by_policy  the detail says what and at which octet, and holds nothing of the text
/// @fault limit_exceeded
Result<Json> read_json(Bytes text, const JsonBounds& bounds = {});

}  // namespace louver::filter::validate
