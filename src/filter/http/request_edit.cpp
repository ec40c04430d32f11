#include "filter/http/request_edit.h"

#include <algorithm>

namespace louver::filter::http {
namespace {

constexpr std::string_view accept_encoding = "accept-encoding";

bool is_range(const Field& field) { return field.name == "range" || field.name == "if-range"; }

/// A server may answer with the whole instead (RFC 9110 §14.2).
bool drop_ranges(Head& head) { return std::erase_if(head.fields, is_range) > 0; }

/// Without the field any coding would be acceptable (RFC 9110 §12.5.3).
bool ask_for_identity(Head& head) {
  const Field wanted{std::string{accept_encoding}, "identity"};
  const auto is_it = [](const Field& field) { return field.name == accept_encoding; };
  if (std::ranges::count_if(head.fields, is_it) == 1 && std::ranges::find(head.fields, wanted) != head.fields.end())
    return false;
  std::erase_if(head.fields, is_it);
  head.fields.push_back(wanted);
  return true;
}

}  // namespace

bool apply(const RequestEdit& edit, Head& head) {
  bool changed = false;
  if (edit.whole) changed |= drop_ranges(head);
  if (edit.plain) changed |= ask_for_identity(head);
  return changed;
}

}  // namespace louver::filter::http
