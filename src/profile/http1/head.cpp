#include "profile/http1/head.h"

#include <algorithm>

#include "base/bytes.h"
#include "profile/http1/grammar.h"
#include "profile/http1/message_lines.h"
#include "profile/http1/target.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

constexpr std::string_view http_version = "HTTP/1.1";
constexpr std::string_view request_context = "request-head";
constexpr std::string_view response_context = "response-head";
/// Room is kept for so many from the start.
constexpr std::size_t usual_fields = 8;
/// Of a written head: everything but fields and what a sender chooses, at most.
constexpr std::size_t other_octets = 128;

std::size_t octets_besides(const Fields& fields, MoreFields more) {
  std::size_t out = other_octets + written_octets(fields);
  for (const auto others : more) out += written_octets(others);
  return out;
}

Result<> set_length(std::optional<std::uint64_t>& length, std::string_view value, std::string_view context) {
  if (length) return malformed(context, "content-length twice");
  length = parse_decimal(value);
  if (!length) return malformed(context, "content-length is no number");
  return {};
}

Result<> set_upgrade(bool& upgrade, std::string_view value, std::string_view context) {
  if (value != websocket) return misplaced(context, "upgrade to anything but websocket");
  if (upgrade) return malformed(context, "upgrade twice");
  upgrade = true;
  return {};
}

Result<> read_request_line(std::string_view line, RequestHead& out, const Limits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed(request_context, "the first line is no request line");
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1) != http_version) return malformed(request_context, "another version than HTTP/1.1");
  if (!is_token(out.method) || out.method.size() > limits.method_bytes) return malformed(request_context, "the method");
  const bool asterisk = out.target == "*" && out.method == "OPTIONS";
  if (out.target.size() > limits.target_bytes || (!asterisk && !is_origin_form(out.target))) {
    return malformed(request_context, "the target");
  }
  return {};
}

Result<> read_host(MessageLines& lines, RequestHead& out) {
  LOUVER_ASSIGN(const std::string_view line, lines.line());
  LOUVER_ASSIGN(Field field, lines.field(line));
  if (field.name != "host") return malformed(request_context, "host is not the first field");
  const auto authority = parse_authority(field.value, 0);
  if (!authority || authority->text() != field.value) return malformed(request_context, "host is not in its one form");
  out.host = std::move(field.value);
  return {};
}

Result<> take_request_field(Field field, Place place, RequestHead& out) {
  switch (place) {
    case Place::head:
      out.fields.push_back(std::move(field));
      return {};
    case Place::length:
      return set_length(out.content_length, field.value, request_context);
    case Place::expect:
      if (out.expect_continue || field.value != "100-continue") return malformed(request_context, "expect");
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
    return malformed(response_context, "the first line is no status line");
  }
  const auto status = parse_decimal(line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return malformed(response_context, "the status");
  out.status = static_cast<unsigned>(*status);
  out.reason = line.substr(13);
  return {};
}

Result<> take_response_field(Field field, Place place, ReadResponse& out) {
  switch (place) {
    case Place::head:
      out.fields.push_back(std::move(field));
      return {};
    case Place::length:
      if (never_has_length(out.status)) return malformed(response_context, "content-length in a 1xx or 204");
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
  if (head.content_length || head.expect_continue) return malformed(request_context, "content beside upgrade");
  if (const auto refusal = check_websocket_request(head.method, head.fields)) {
    return malformed(request_context, refusal->reason);
  }
  return {};
}

/// Where a field stands: content-length behind the others, then expect, then upgrade.
int rank_of(Place place) {
  return place == Place::upgrade ? 3 : place == Place::expect ? 2 : place == Place::length ? 1 : 0;
}

/// Hands every field up to the empty line to `take`, with its place; nothing may follow.
template <class Head>
Result<> read_fields(MessageLines& lines, Head& head, Result<> (&take)(Field, Place, Head&), std::string_view context) {
  head.fields.reserve(usual_fields);
  int rank = 0;
  while (true) {
    LOUVER_ASSIGN(const std::string_view line, lines.line());
    if (line.empty()) break;
    LOUVER_ASSIGN(Field field, lines.field(line));
    const Place place = place_of(field.name);
    if (rank_of(place) < std::exchange(rank, rank_of(place)))
      return malformed(context, "a field behind content-length, expect or upgrade");
    LOUVER_TRY(take(std::move(field), place, head));
  }
  if (!lines.at_end()) return malformed(context, "octets behind the empty line");
  return {};
}

}  // namespace

std::string write_head(const RequestHead& head, MoreFields more) {
  std::string out;
  out.reserve(head.method.size() + head.target.size() + head.host.size() + octets_besides(head.fields, more));
  out.append(head.method).append(" ").append(head.target).append(" ").append(http_version).append("\r\n");
  write_field(out, "host", head.host);
  write_fields(out, head.fields);
  for (const auto fields : more) write_fields(out, fields);
  if (head.content_length) write_field(out, "content-length", std::to_string(*head.content_length));
  if (head.expect_continue) write_field(out, "expect", "100-continue");
  if (head.upgrade) write_field(out, "upgrade", websocket);
  out.append("\r\n");
  return out;
}

std::string write_head(const ResponseHead& head, MoreFields more) {
  std::string out;
  out.reserve(head.reason.size() + octets_besides(head.fields, more));
  out.append(http_version).append(" ").append(std::to_string(head.status)).append(" ").append(head.reason);
  out.append("\r\n");
  write_fields(out, head.fields);
  for (const auto fields : more) write_fields(out, fields);
  if (head.content_length) write_field(out, "content-length", std::to_string(*head.content_length));
  if (head.status == switching_protocols) write_field(out, "upgrade", websocket);
  out.append("\r\n");
  return out;
}

std::string write_credentials(const Fields& credentials) {
  std::string out;
  write_fields(out, credentials);
  return out;
}

Result<RequestHead> parse_request_head(Bytes message, const Limits& limits) {
  LOUVER_TRY(check_size(message, request_context, limits));
  MessageLines lines{message, request_context};
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
  MessageLines lines{message, response_context};
  ReadResponse out;
  LOUVER_ASSIGN(const std::string_view first, lines.line());
  LOUVER_TRY(read_status_line(first, out));
  LOUVER_TRY(read_fields(lines, out, take_response_field, response_context));
  LOUVER_TRY(check_count(out.fields, response_context, limits));
  if ((out.status == switching_protocols) != out.upgrade) return malformed(response_context, "101 without upgrade");
  return ResponseHead{std::move(out)};
}

Result<Fields> parse_credentials(Bytes message, std::string_view context, const Limits& limits) {
  LOUVER_TRY(check_size(message, context, limits));
  MessageLines lines{message, context};
  Fields out;
  while (!lines.at_end()) {
    LOUVER_ASSIGN(const std::string_view line, lines.line());
    LOUVER_ASSIGN(Field field, lines.field(line));
    const Place place = place_of(field.name);
    if (place == Place::head) return misplaced(context, "one that is no credential");
    if (place == Place::reserved) return misplaced(context, "louver-*");
    if (place != Place::credentials) return misplaced(context, field.name);
    if (is_single_credential(field.name) && std::ranges::find(out, field.name, &Field::name) != out.end()) {
      return malformed(context, field.name + " twice");
    }
    out.push_back(std::move(field));
  }
  LOUVER_TRY(check_count(out, context, limits));
  return out;
}

}  // namespace louver::profile::http1
