#include "profile/http1/message_lines.h"

#include <algorithm>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {

Error malformed(std::string_view context, std::string_view what) {
  return {Fault::bad_value, std::string{context} + ": " + std::string{what}};
}

Error misplaced(std::string_view context, std::string_view rule) {
  return {Fault::blocked_by_policy,
          std::string{context} + ": a field that does not belong there: " + std::string{rule}};
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_fields(std::string& out, std::span<const Field> fields) {
  for (const Field& field : fields) write_field(out, field.name, field.value);
}

std::size_t written_octets(std::span<const Field> fields) {
  std::size_t out = 0;
  for (const Field& field : fields) out += field.name.size() + field.value.size() + 4;
  return out;
}

Result<> check_size(Bytes message, std::string_view context, const Limits& limits) {
  if (message.size() <= limits.message_bytes) return {};
  return Error{Fault::limit_exceeded, std::string{context} + ": the message is too long"};
}

Result<> check_count(const Fields& fields, std::string_view context, const Limits& limits) {
  if (fields.size() <= limits.message_fields) return {};
  return Error{Fault::limit_exceeded, std::string{context} + ": too many fields"};
}

Result<std::string_view> MessageLines::line() {
  const std::size_t end = rest_.find("\r\n");
  if (end == std::string_view::npos) return malformed(context_, "a line without an end");
  const std::string_view line = rest_.substr(0, end);
  if (!std::ranges::all_of(line, is_text_char)) return malformed(context_, "a control character");
  rest_.remove_prefix(end + 2);
  return line;
}

Result<Field> MessageLines::field(std::string_view line) const {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return malformed(context_, "a line that is no field");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = line.substr(colon + 2);
  if (!is_lower_token(name)) return malformed(context_, "a field name that is no token in lower case");
  if (!is_trimmed(value)) return malformed(context_, "a field value with blanks at its ends");
  if (is_lookalike(name)) return misplaced(context_, "a name that looks like one of the table");
  return Field{std::string{name}, std::string{value}};
}

}  // namespace louver::profile::http1
