#include "profile/http1/sorted_fields.h"

#include <algorithm>
#include <vector>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

using Nominations = std::vector<std::string>;

Verdict take_once(std::optional<std::string>& slot, std::string&& value, std::string_view twice) {
  if (slot) return Refusal{400, twice};
  slot = std::move(value);
  return {};
}

Verdict take_length(std::string_view value, SortedFields& out) {
  if (out.length) return Refusal{400, "two Content-Length fields"};
  out.length = parse_decimal(value);
  if (!out.length) return Refusal{400, "Content-Length is no decimal number below 2^63"};
  return {};
}

Verdict take_coding(std::string_view value, bool http_1_0, SortedFields& out) {
  if (http_1_0) return Refusal{400, "Transfer-Encoding in an HTTP/1.0 message"};
  if (out.chunked) return Refusal{400, "two Transfer-Encoding fields"};
  if (!equal_ignoring_case(value, "chunked")) return Refusal{400, "Transfer-Encoding is not exactly `chunked`"};
  out.chunked = true;
  return {};
}

Verdict take_connection(std::string_view value, SortedFields& out, Nominations& nominated) {
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string option = lowered(trimmed(value.substr(0, comma)));
    if (option == "close") {
      out.close = true;
    } else if (option == "keep-alive") {
      out.keep_alive = true;
    } else if (option == "upgrade") {
      out.upgrade_nominated = true;
    } else if (!option.empty()) {
      if (!is_token(option)) return Refusal{400, "Connection is no list of tokens"};
      if (is_protected(option))
        return Refusal{400, "Connection names a field that ends at neither end of a connection"};
      nominated.push_back(option);
    }
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

/// TE belongs to one connection and is no part of the message; of what it may say only this concerns us.
bool names_trailers(std::string_view value) {
  while (true) {
    const std::size_t comma = value.find(',');
    if (equal_ignoring_case(trimmed(value.substr(0, comma)), "trailers")) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

Verdict take_credential(Field&& field, SortedFields& out) {
  if (is_single_credential(field.name) &&
      std::ranges::find(out.credentials, field.name, &Field::name) != out.credentials.end()) {
    return Refusal{400, "two credentials of the same kind"};
  }
  out.credentials.push_back(std::move(field));
  return {};
}

Verdict take(Field&& field, bool http_1_0, SortedFields& out, Nominations& nominated) {
  if (!is_token(field.name) || !is_field_value(field.value)) return Refusal{400, "a malformed header field"};
  if (is_lookalike(field.name)) return Refusal{400, "a field name that some servers take for another one"};
  switch (place_of(field.name)) {
    case Place::head:
      out.head.push_back(std::move(field));
      return {};
    case Place::credentials:
      return take_credential(std::move(field), out);
    case Place::host:
      return take_once(out.host, std::move(field.value), "two Host fields");
    case Place::expect:
      return take_once(out.expect, std::move(field.value), "two Expect fields");
    case Place::length:
      return take_length(field.value, out);
    case Place::coding:
      return take_coding(field.value, http_1_0, out);
    case Place::connection:
      return take_connection(field.value, out, nominated);
    case Place::upgrade:
      out.upgrade = out.upgrade ? *out.upgrade + ", " + field.value : std::move(field.value);
      return {};
    case Place::hop:
      if (field.name == "te" && names_trailers(field.value)) out.takes_trailers = true;
      return {};
    case Place::reserved:
      return {};
  }
  return Refusal{400, "a field of no place"};
}

}  // namespace

Verdict sort_fields(RawHead raw, SortedFields& out) {
  out = {};
  out.head.reserve(raw.fields.size());
  Nominations nominated;
  for (Field& field : raw.fields) {
    if (auto refusal = take(std::move(field), raw.http_1_0, out, nominated)) return refusal;
  }
  if (out.length && out.chunked) return Refusal{400, "Content-Length beside Transfer-Encoding"};
  if (out.chunked != raw.chunked || out.length != raw.content_length) {
    return Refusal{400, "the framing can be read in two ways"};
  }
  std::erase_if(out.head,
                [&](const Field& field) { return std::ranges::find(nominated, field.name) != nominated.end(); });
  return {};
}

}  // namespace louver::profile::http1
