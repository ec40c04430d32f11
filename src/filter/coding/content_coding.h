#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "filter/http/head.h"

namespace louver::filter::coding {

/// The content codings that can be undone. RFC 9110 §8.4.1, RFC 7932, RFC 9659
enum class Coding : std::uint8_t { gzip, deflate, br, zstd };
std::string_view name_of(Coding coding);

/// More than this many, one inside the other, no honest sender applies; each costs memory and multiplies what comes
/// out.
inline constexpr std::size_t nested_most = 2;

/// What the `content-encoding` fields of a head say, in the order in which the codings were applied; "identity" is
/// none. Nothing if that is not certain or cannot be undone: an unknown coding, an empty element of a list, more than
/// nested_most.
std::optional<std::vector<Coding>> codings_of(std::span<const http::Field> fields);

}  // namespace louver::filter::coding
