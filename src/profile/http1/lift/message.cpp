#include "profile/http1/lift/message.h"

#include <algorithm>
#include <array>

namespace louver::profile::http1 {

std::string_view name_of(FieldType type) {
  switch (type) {
    case FieldType::string:
      return "string";
    case FieldType::number:
      return "number";
    case FieldType::boolean:
      return "boolean";
    case FieldType::any:
      return "any";
  }
  return "";
}

std::string make_marker(RandomSource& random) {
  std::array<std::byte, 16> nonce{};
  random.fill(nonce);
  return std::string{marker_prefix} + to_hex(nonce);
}

std::string write_field_message(const FieldContext& context, const FieldMessage& message) {
  return context.source.text + " " + std::string{name_of(context.type)} + " " + message.marker + "\r\n" + message.value;
}

Result<std::optional<FieldMessage>> parse_field_message(const FieldContext& context, Bytes message) {
  const std::string_view text = as_text(message);
  if (text.empty()) return std::optional<FieldMessage>{};
  const std::string what = context.source.text + " " + std::string{name_of(context.type)} + " ";
  if (!text.starts_with(what)) {
    return Error{Fault::blocked_by_policy,
                 context.name + ": its sender does not lift it as " + what + "which is configured here"};
  }
  FieldMessage out;
  out.marker = text.substr(what.size(), marker_octets);
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool sound = out.marker.size() == marker_octets && out.marker.starts_with(marker_prefix) &&
                     std::ranges::all_of(std::string_view{out.marker}.substr(marker_prefix.size()), is_hex) &&
                     text.substr(what.size() + marker_octets, 2) == "\r\n";
  if (!sound) return Error{Fault::bad_value, context.name + ": no marker where it belongs"};
  out.value = text.substr(what.size() + marker_octets + 2);
  return std::optional{std::move(out)};
}

}  // namespace louver::profile::http1
