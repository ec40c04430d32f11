#pragma once

#include <string_view>

/// Values of fields that are lists. RFC 9110 §5.6.1
namespace louver::filter::http {

/// Without blanks at either end.
constexpr std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// Calls `each` with every element of a list, without blanks at its ends, until it returns false.
/// @return whether it never did
template <class Each>
bool for_each_element(std::string_view list, const Each& each) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (!each(without_blanks(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace louver::filter::http
