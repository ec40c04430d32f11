#include "profile/http1/head.h"

#include <algorithm>

#include "base/bytes.h"
#include "profile/http1/grammar.h"
#include "profile/http1/target.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

constexpr std::string_view http_version = "HTTP/1.1";
constexpr std::string_view request_context = "request-head";
constexpr std::string_view response_context = "response-head";

Error bad(std::string_view context, std::string_view what) {
  return {Fault::bad_value, std::string{context} + ": " + std::string{what}};
}

/// @param rule  a name of the field table, never the peer's spelling
Error misplaced(std::string_view context, std::string_view rule) {
  return {Fault::blocked_by_policy,
          std::string{context} + ": a field that does not belong there: " + std::string{rule}};
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_fields(std::string& out, const Fields& fields) {
  for (const Field& field : fields) write_field(out, field.name, field.value);
}

/// Cuts a message into lines that end in CRLF, and them into names and values.
class LineReader {
 public:
  LineReader(Bytes message, std::string_view context) : rest_(as_text(message)), context_(context) {}

  bool at_end() const { return rest_.empty(); }

  Result<std::string_view> line() {
    const std::size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return bad(context_, "a line without an end");
    const std::string_view line = rest_.substr(0, end);
    if (!std::ranges::all_of(line, is_text_char)) return bad(context_, "a control character");
    rest_.remove_prefix(end + 2);
    return line;
  }

  Result<Field> field(std::string_view line) const {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return bad(context_, "a line that is no field");
    Field out{std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)}};
    if (!is_lower_token(out.name)) return bad(context_, "a field name that is no token in lower case");
    if (!is_field_value(out.value)) return bad(context_, "a field value with blanks at its ends");
    if (is_lookalike(out.name)) return misplaced(context_, "a name that looks like one of the table");
    return out;
  }

 private:
  std::string_view rest_;
  std::string_view context_;
};

Result<> check_size(Bytes message, std::string_view context, const Limits& limits) {
  if (message.size() <= limits.message_bytes) return {};
  return Error{Fault::limit_exceeded, std::string{context} + ": the message is too long"};
}

Result<> check_count(const Fields& fields, std::string_view context, const Limits& limits) {
  if (fields.size() <= limits.message_fields) return {};
  return Error{Fault::limit_exceeded, std::string{context} + ": too many fields"};
}

Result<> set_length(std::optional<std::uint64_t>& length, std::string_view value, std::string_view context) {
  if (length) return bad(context, "content-length twice");
  length = parse_decimal(value);
  if (!length) return bad(context, "content-length is no number");
  return {};
}

Result<> set_upgrade(bool& upgrade, std::string_view value, std::string_view context) {
  if (value != websocket) return misplaced(context, "upgrade to anything but websocket");
  if (upgrade) return bad(context, "upgrade twice");
  upgrade = true;
  return {};
}

Result<> read_request_line(std::string_view line, RequestHead& out, const Limits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return bad(request_context, "the first line is no request line");
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1) != http_version) return bad(request_context, "another version than HTTP/1.1");
  if (!is_token(out.method) || out.method.size() > limits.method_bytes) return bad(request_context, "the method");
  const bool asterisk = out.target == "*" && out.method == "OPTIONS";
  if (out.target.size() > limits.target_bytes || (!asterisk && !is_origin_form(out.target))) {
    return bad(request_context, "the target");
  }
  return {};
}

Result<> read_host(LineReader& lines, RequestHead& out) {
  LOUVER_ASSIGN(const std::string_view line, lines.line());
  LOUVER_ASSIGN(Field field, lines.field(line));
  if (field.name != "host") return bad(request_context, "host is not the first field");
  const auto authority = parse_authority(field.value, 0);
  if (!authority || authority->text() != field.value) return bad(request_context, "host is not in its one form");
  out.host = std::move(field.value);
  return {};
}

Result<> take_request_field(Field field, RequestHead& out) {
  switch (place_of(field.name)) {
    case Place::head:
      out.fields.push_back(std::move(field));
      return {};
    case Place::length:
      return set_length(out.content_length, field.value, request_context);
    case Place::expect:
      if (out.expect_continue || field.value != "100-continue") return bad(request_context, "expect");
      out.expect_continue = true;
      return {};
    case Place::upgrade:
      return set_upgrade(out.upgrade, field.value, request_context);
    case Place::reserved:
      return misplaced(request_context, "louver-*");
    case Place::credentials:
    case Place::host:
    case Place::coding:
    case Place::connection:
    case Place::hop:
      break;
  }
  return misplaced(request_context, field.name);
}

struct ReadResponse : ResponseHead {
  bool upgrade = false;
};

Result<> read_status_line(std::string_view line, ResponseHead& out) {
  // "HTTP/1.1" SP 3DIGIT SP reason
  if (!line.starts_with("HTTP/1.1 ") || line.size() < 13 || line[12] != ' ') {
    return bad(response_context, "the first line is no status line");
  }
  const auto status = parse_decimal(line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return bad(response_context, "the status");
  out.status = static_cast<unsigned>(*status);
  out.reason = line.substr(13);
  return {};
}

Result<> take_response_field(Field field, ReadResponse& out) {
  switch (place_of(field.name)) {
    case Place::head:
      out.fields.push_back(std::move(field));
      return {};
    case Place::length:
      if (never_has_length(out.status)) return bad(response_context, "content-length in a 1xx or 204");
      return set_length(out.content_length, field.value, response_context);
    case Place::reserved:
      return misplaced(response_context, "louver-*");
    case Place::upgrade:
      if (out.status != switching_protocols) break;
      return set_upgrade(out.upgrade, field.value, response_context);
    case Place::credentials:
    case Place::host:
    case Place::expect:
    case Place::coding:
    case Place::connection:
    case Place::hop:
      break;
  }
  return misplaced(response_context, field.name);
}

Result<> check_upgrade(const RequestHead& head) {
  if (!head.upgrade) return {};
  if (head.content_length || head.expect_continue) return bad(request_context, "content beside upgrade");
  if (const auto refusal = check_websocket_request(head.method, head.fields)) {
    return bad(request_context, refusal->reason);
  }
  return {};
}

/// Where a field stands: content-length behind the others, then expect, then upgrade.
int rank_of(std::string_view name) {
  const Place place = place_of(name);
  return place == Place::upgrade ? 3 : place == Place::expect ? 2 : place == Place::length ? 1 : 0;
}

/// Hands every field up to the empty line to `take`; nothing may follow.
template <class Head>
Result<> read_fields(LineReader& lines, Head& head, Result<> (&take)(Field, Head&), std::string_view context) {
  int rank = 0;
  while (true) {
    LOUVER_ASSIGN(const std::string_view line, lines.line());
    if (line.empty()) break;
    LOUVER_ASSIGN(Field field, lines.field(line));
    if (rank_of(field.name) < std::exchange(rank, rank_of(field.name)))
      return bad(context, "a field behind content-length, expect or upgrade");
    LOUVER_TRY(take(std::move(field), head));
  }
  if (!lines.at_end()) return bad(context, "octets behind the empty line");
  return {};
}

}  // namespace

std::string write_head(const RequestHead& head) {
  std::string out = head.method + " " + head.target + " " + std::string{http_version} + "\r\n";
  write_field(out, "host", head.host);
  write_fields(out, head.fields);
  if (head.content_length) write_field(out, "content-length", std::to_string(*head.content_length));
  if (head.expect_continue) write_field(out, "expect", "100-continue");
  if (head.upgrade) write_field(out, "upgrade", websocket);
  return out.append("\r\n");
}

std::string write_head(const ResponseHead& head) {
  std::string out = std::string{http_version} + " " + std::to_string(head.status) + " " + head.reason + "\r\n";
  write_fields(out, head.fields);
  if (head.content_length) write_field(out, "content-length", std::to_string(*head.content_length));
  if (head.status == switching_protocols) write_field(out, "upgrade", websocket);
  return out.append("\r\n");
}

std::string write_credentials(const Fields& credentials) {
  std::string out;
  write_fields(out, credentials);
  return out;
}

Result<RequestHead> parse_request_head(Bytes message, const Limits& limits) {
  LOUVER_TRY(check_size(message, request_context, limits));
  LineReader lines{message, request_context};
  RequestHead out;
  LOUVER_ASSIGN(const std::string_view first, lines.line());
  LOUVER_TRY(read_request_line(first, out, limits));
  LOUVER_TRY(read_host(lines, out));
  LOUVER_TRY(read_fields(lines, out, take_request_field, request_context));
  LOUVER_TRY(check_count(out.fields, request_context, limits));
  LOUVER_TRY(check_upgrade(out));
  return out;
}

Result<ResponseHead> parse_response_head(Bytes message, const Limits& limits) {
  LOUVER_TRY(check_size(message, response_context, limits));
  LineReader lines{message, response_context};
  ReadResponse out;
  LOUVER_ASSIGN(const std::string_view first, lines.line());
  LOUVER_TRY(read_status_line(first, out));
  LOUVER_TRY(read_fields(lines, out, take_response_field, response_context));
  LOUVER_TRY(check_count(out.fields, response_context, limits));
  if ((out.status == switching_protocols) != out.upgrade) return bad(response_context, "101 without upgrade");
  return ResponseHead{std::move(out)};
}

Result<Fields> parse_credentials(Bytes message, std::string_view context, const Limits& limits) {
  LOUVER_TRY(check_size(message, context, limits));
  LineReader lines{message, context};
  Fields out;
  while (!lines.at_end()) {
    LOUVER_ASSIGN(const std::string_view line, lines.line());
    LOUVER_ASSIGN(Field field, lines.field(line));
    const Place place = place_of(field.name);
    if (place == Place::head) return misplaced(context, "one that is no credential");
    if (place == Place::reserved) return misplaced(context, "louver-*");
    if (place != Place::credentials) return misplaced(context, field.name);
    if (is_single_credential(field.name) && std::ranges::find(out, field.name, &Field::name) != out.end()) {
      return bad(context, field.name + " twice");
    }
    out.push_back(std::move(field));
  }
  LOUVER_TRY(check_count(out, context, limits));
  return out;
}

}  // namespace louver::profile::http1
