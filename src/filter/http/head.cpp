#include "filter/http/head.h"

#include <algorithm>

#include "filter/http/grammar.h"
#include "filter/http/kept_fields.h"

namespace louver::filter::http {
namespace {

constexpr std::string_view websocket = "websocket";  // the one protocol that is upgraded to

Error refused(HeadKind kind, std::string_view what) {
  return {Fault::blocked_by_policy, std::string{context_of(kind)} + " is not in its one form: " + std::string{what}};
}

/// Cuts the first line off, which ends in CR LF.
Result<std::string_view> take_line(HeadKind kind, std::string_view& rest) {
  const std::size_t end = rest.find(line_end);
  if (end == std::string_view::npos) return refused(kind, "a line without an end");
  const std::string_view line = rest.substr(0, end);
  if (!is_line(line)) return refused(kind, "a control character");
  rest.remove_prefix(end + line_end.size());
  return line;
}

Result<> check_target(const Head& head) {
  if (head.target == "*" && head.method == "OPTIONS") return {};
  if (head.target.size() > target_bytes_most)
    return Error{Fault::limit_exceeded, "request-head: the target is too long"};
  if (!is_origin_form(head.target)) return refused(head.kind, "the target");
  return {};
}

Result<> read_request_line(std::string_view line, Head& out) {
  static constexpr std::string_view version = " HTTP/1.1";
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !line.substr(space + 1).ends_with(version))
    return refused(out.kind, "the first line");
  out.method = line.substr(0, space);
  line.remove_prefix(space + 1);
  out.target = line.substr(0, line.size() - version.size());
  if (!is_token(out.method) || out.method.size() > method_bytes_most) return refused(out.kind, "the method");
  return check_target(out);
}

/// "HTTP/1.1" SP 3DIGIT SP reason
Result<> read_status_line(std::string_view line, Head& out) {
  static constexpr std::string_view version = "HTTP/1.1 ";
  const std::string_view status = line.substr(std::min(version.size(), line.size()), 3);
  const bool has_form = line.starts_with(version) && is_decimal(status) && status.size() == 3 &&
                        line.substr(version.size() + 3).starts_with(' ');
  if (!has_form || status < "100" || status > "599") return refused(out.kind, "the first line");
  out.status_line = line;
  return {};
}

bool is_switch(const Head& head) {
  return head.kind == HeadKind::response && head.status_line.compare(0, 12, "HTTP/1.1 101") == 0;
}

/// 1xx and 204 have no content.
bool may_have_length(const Head& head) {
  if (head.kind == HeadKind::request) return true;
  const std::string_view status = std::string_view{head.status_line}.substr(9, 3);
  return status[0] != '1' && status != "204";
}

Result<Field> read_field(HeadKind kind, std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return refused(kind, "a line that is no field");
  Field out{std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)}};
  if (!is_field_name(out.name)) return refused(kind, "a field name that is no token in lower case");
  if (!is_field_value(out.value)) return refused(kind, "a field value with blanks at its ends");
  return out;
}

Result<> read_host(std::string_view& rest, Head& out) {
  LOUVER_ASSIGN(const std::string_view line, take_line(out.kind, rest));
  LOUVER_ASSIGN(Field field, read_field(out.kind, line));
  if (field.name != "host" || !is_authority(field.value))
    return refused(out.kind, "host is not the first field, or no host");
  out.host = std::move(field.value);
  return {};
}

Result<> take_field(Field field, Head& out) {
  if (field.name == "content-length") {
    if (out.content_length || !is_decimal(field.value) || !may_have_length(out))
      return refused(out.kind, "content-length");
    out.content_length = std::move(field.value);
    return {};
  }
  if (field.name == "expect" && out.kind == HeadKind::request) {
    if (out.expect_continue || field.value != "100-continue") return refused(out.kind, "expect");
    out.expect_continue = true;
    return {};
  }
  if (field.name == "upgrade" && (out.kind == HeadKind::request || is_switch(out))) {
    if (out.upgrade || field.value != websocket) return refused(out.kind, "upgrade");
    out.upgrade = true;
    return {};
  }
  if (why_kept(field.name)) return refused(out.kind, "a field that does not belong there");
  out.fields.push_back(std::move(field));
  return {};
}

/// The one field of that name, or null if there is none or more than one.
const Field* only(const Head& head, std::string_view name) {
  if (std::ranges::count(head.fields, name, &Field::name) != 1) return nullptr;
  return &*std::ranges::find(head.fields, name, &Field::name);
}

/// A 101 goes with `upgrade` alone; a request with it opens a WebSocket and has no content.
Result<> check_upgrade(const Head& head) {
  if (is_switch(head) && !head.upgrade) return refused(head.kind, "101 without upgrade");
  if (!head.upgrade || head.kind == HeadKind::response) return {};
  if (head.content_length || head.expect_continue) return refused(head.kind, "content beside upgrade");
  const Field* key = only(head, "sec-websocket-key");
  const Field* websocket_version = only(head, "sec-websocket-version");
  const bool has_form = head.method == "GET" && key != nullptr && is_websocket_key(key->value) &&
                        websocket_version != nullptr && websocket_version->value == "13";
  return has_form ? Result<>{} : refused(head.kind, "upgrade without the key and version of a WebSocket");
}

/// Where a field stands: content-length behind the others, then expect, then upgrade.
int rank_of(std::string_view name) {
  return name == "upgrade" ? 3 : name == "expect" ? 2 : name == "content-length" ? 1 : 0;
}

Result<> check_size(HeadKind kind, std::size_t octets, std::size_t fields) {
  if (octets <= head_bytes_most && fields <= fields_most) return {};
  return Error{Fault::limit_exceeded, std::string{context_of(kind)} + ": more than " + std::to_string(head_bytes_most) +
                                          " octets or " + std::to_string(fields_most) + " fields"};
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(line_end);
}

}  // namespace

std::string_view context_of(HeadKind kind) { return kind == HeadKind::request ? "request-head" : "response-head"; }

bool is_interim(const Head& head) {
  return head.kind == HeadKind::response && head.status_line.compare(9, 1, "1") == 0 &&
         head.status_line.compare(9, 3, "101") != 0;
}

Result<Head> parse_head(HeadKind kind, Bytes message) {
  LOUVER_TRY(check_size(kind, message.size(), 0));
  Head out;
  out.kind = kind;
  std::string_view rest = as_text(message);
  LOUVER_ASSIGN(const std::string_view first, take_line(kind, rest));
  if (kind == HeadKind::request) {
    LOUVER_TRY(read_request_line(first, out));
    LOUVER_TRY(read_host(rest, out));
  } else {
    LOUVER_TRY(read_status_line(first, out));
  }
  int rank = 0;
  while (true) {
    LOUVER_ASSIGN(const std::string_view line, take_line(kind, rest));
    if (line.empty()) break;
    LOUVER_ASSIGN(Field field, read_field(kind, line));
    if (rank_of(field.name) < std::exchange(rank, rank_of(field.name)))
      return refused(kind, "a field behind content-length, expect or upgrade");
    LOUVER_TRY(take_field(std::move(field), out));
  }
  if (!rest.empty()) return refused(kind, "octets behind the empty line");
  LOUVER_TRY(check_size(kind, message.size(), out.fields.size()));
  LOUVER_TRY(check_upgrade(out));
  return out;
}

Result<std::string> write_head(const Head& head) {
  LOUVER_TRY(check_upgrade(head));
  std::string out;
  if (head.kind == HeadKind::request) {
    LOUVER_TRY(check_target(head));
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1").append(line_end);
    write_field(out, "host", head.host);
  } else {
    out.append(head.status_line).append(line_end);
  }
  for (const Field& field : head.fields) write_field(out, field.name, field.value);
  if (head.content_length) write_field(out, "content-length", *head.content_length);
  if (head.expect_continue) write_field(out, "expect", "100-continue");
  if (head.upgrade) write_field(out, "upgrade", websocket);
  out.append(line_end);
  LOUVER_TRY(check_size(head.kind, out.size(), head.fields.size()));
  return out;
}

}  // namespace louver::filter::http
