#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace louver::config {

/// The one of `known` that `written` was probably meant to be: the nearest by insertions, deletions, replacements and
/// swaps of neighbours, if no more than a third of it is wrong. The first of equally near ones. Nothing for texts above
/// 64 octets.
std::optional<std::string_view> nearest(std::string_view written, std::span<const std::string_view> known);

}  // namespace louver::config
