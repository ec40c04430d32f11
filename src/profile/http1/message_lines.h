#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "profile/http1/fields.h"
#include "profile/http1/limits.h"

/// The form that head, credentials and trailers messages share: lines of `name: value`. Who reads one has it from a
/// session, where a middlebox with the write grant may have made it.
namespace louver::profile::http1 {

/// `context: what`, as bad_value. @param what  a literal, or names of our table
Error malformed(std::string_view context, std::string_view what);
/// A field in a context where it does not belong, as blocked_by_policy.
/// @param rule  a name of the field table, never the peer's spelling
Error misplaced(std::string_view context, std::string_view rule);

void write_field(std::string& out, std::string_view name, std::string_view value);
void write_fields(std::string& out, std::span<const Field> fields);
/// What these add to a message.
std::size_t written_octets(std::span<const Field> fields);

/// @fault limit_exceeded  message_bytes, message_fields
Result<> check_size(Bytes message, std::string_view context, const Limits& limits);
Result<> check_count(const Fields& fields, std::string_view context, const Limits& limits);

/// Cuts a message into lines that end in CRLF, and them into names and values.
class MessageLines {
 public:
  MessageLines(Bytes message, std::string_view context) : rest_(as_text(message)), context_(context) {}

  bool at_end() const { return rest_.empty(); }
  /// Of text characters only. @fault bad_value
  Result<std::string_view> line();
  /// @param line  of line()
  /// @fault bad_value, blocked_by_policy (a lookalike)
  Result<Field> field(std::string_view line) const;

 private:
  std::string_view rest_;
  std::string_view context_;
};

}  // namespace louver::profile::http1
