#include "profile/http1/trailers.h"

#include <algorithm>
#include <array>

#include "profile/http1/grammar.h"
#include "profile/http1/message_lines.h"

namespace louver::profile::http1 {
namespace {

// Beside those of the field table and those that Connection must not nominate.
constexpr std::array head_only_names = {
    // RFC 9110 §6.5.1, as RFC 7230 §4.1.2 listed it: controls of requests, control data of responses, authentication
    std::string_view{"pragma"}, std::string_view{"age"}, std::string_view{"expires"}, std::string_view{"retry-after"},
    std::string_view{"warning"}, std::string_view{"www-authenticate"},
    // by which servers tell where a request came from
    std::string_view{"referer"}, std::string_view{"x-client-ip"}, std::string_view{"true-client-ip"},
    // by which some let a request say that it is another one, or an answer that it is another file
    std::string_view{"x-http-method"}, std::string_view{"x-method-override"}, std::string_view{"x-host"},
    std::string_view{"x-original-host"}, std::string_view{"x-original-url"}, std::string_view{"x-rewrite-url"},
    std::string_view{"x-sendfile"},
    // what a browser may do with an answer
    std::string_view{"alt-svc"}, std::string_view{"clear-site-data"}, std::string_view{"refresh"},
    std::string_view{"strict-transport-security"}, std::string_view{"x-content-type-options"},
    std::string_view{"x-frame-options"}};
constexpr std::array head_only_prefixes = {std::string_view{"access-control-"}, std::string_view{"x-accel-"}};

/// RFC 9530: made to stand behind the content that it is the digest of.
constexpr std::string_view content_digest = "content-digest";

constexpr Refusal in_the_head_only{400, "a trailer field that may stand in the head only"};

std::string as_carelessly_read(std::string_view name) {
  std::string out = lowered(name);
  std::ranges::replace_if(
      out, [](char c) { return !is_digit(c) && !is_alpha(c); }, '-');
  return out;
}

/// What the head has a special place for, which is refused even where trailers are dropped.
bool has_a_place(std::string_view name) {
  const Place place = place_of(name);
  return is_lookalike(name) || (place != Place::head && place != Place::reserved);
}

}  // namespace

bool may_be_trailer(std::string_view name) {
  if (name == content_digest) return true;
  const std::string read = as_carelessly_read(name);
  if (place_of(read) != Place::head || is_protected(read)) return false;
  return std::ranges::find(head_only_names, read) == head_only_names.end() &&
         std::ranges::none_of(head_only_prefixes, [&](std::string_view prefix) { return read.starts_with(prefix); });
}

Verdict accept_trailers(std::string_view block, TrailerUse use, Fields& out) {
  out.clear();
  while (!block.starts_with("\r\n")) {
    const std::string_view line = block.substr(0, block.find("\r\n"));
    block.remove_prefix(line.size() + 2);
    Field field{lowered(line.substr(0, line.find(':'))), std::string{trimmed(line.substr(line.find(':') + 1))}};
    if (has_a_place(field.name)) return in_the_head_only;
    if (use == TrailerUse::drop || place_of(field.name) == Place::reserved) continue;
    if (!may_be_trailer(field.name)) return in_the_head_only;
    if (!is_field_value(field.value)) return Refusal{400, "a malformed trailer field"};
    out.push_back(std::move(field));
  }
  return {};
}

std::string write_trailers(const Fields& trailers) {
  std::string out;
  write_fields(out, trailers);
  return out;
}

Result<Fields> parse_trailers(Bytes message, std::string_view context, const Limits& limits) {
  LOUVER_TRY(check_size(message, context, limits));
  MessageLines lines{message, context};
  Fields out;
  while (!lines.at_end()) {
    LOUVER_ASSIGN(const std::string_view line, lines.line());
    LOUVER_ASSIGN(Field field, lines.field(line));
    if (!may_be_trailer(field.name)) return misplaced(context, "one that may stand in the head only");
    out.push_back(std::move(field));
  }
  LOUVER_TRY(check_count(out, context, limits));
  return out;
}

}  // namespace louver::profile::http1
