#include "profile/http1/lift/source.h"

#include <algorithm>

#include "base/bytes.h"
#include "profile/http1/fields.h"
#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

Error wrong(std::string_view text, std::string_view why) {
  return {Fault::configuration, "\"" + printable(text, 80) + "\": " + std::string{why}};
}

/// RFC 6901 §4: `~1` is a slash, `~0` a tilde; nothing else may follow a tilde.
Result<std::vector<std::string>> read_pointer(std::string_view pointer, std::string_view text) {
  std::vector<std::string> out;
  if (!pointer.starts_with('/')) return wrong(text, "a JSON pointer begins with '/'");
  for (const char c : pointer) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  if (out.size() > json_path_most) return wrong(text, "a JSON pointer of more than 16 steps");
  for (std::string& step : out) {
    std::string plain;
    for (std::size_t i = 0; i < step.size(); ++i) {
      if (step[i] != '~') {
        plain += step[i];
        continue;
      }
      if (i + 1 == step.size() || (step[i + 1] != '0' && step[i + 1] != '1'))
        return wrong(text, "in a JSON pointer '~' stands only in ~0 and ~1");
      plain += step[++i] == '0' ? '~' : '/';
    }
    step = std::move(plain);
  }
  return out;
}

Result<FieldSource> header_source(std::string_view name, FieldSource out) {
  if (!is_lower_token(name)) return wrong(out.text, "no name of a header field in lower case");
  if (place_of(name) != Place::head || is_protected(name) || is_lookalike(name) || name.starts_with("proxy-"))
    return wrong(out.text, "that field has a place of its own, or others depend on it");
  out.path = {std::string{name}};
  return out;
}

}  // namespace

Result<FieldSource> parse_field_source(std::string_view text) {
  const auto printable_char = [](char c) { return c > 0x20 && c < 0x7f; };
  if (text.size() > field_source_octets_most || !std::ranges::all_of(text, printable_char))
    return wrong(text, "more than 255 octets, or one that is no printable ASCII");
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  FieldSource out{.kind = FieldSource::Kind::header, .path = {}, .text = std::string{text}};
  if (rest.empty()) return wrong(text, "expected header:name, form:name or json:/pointer");
  if (kind == "header") return header_source(rest, std::move(out));
  if (kind == "form") {
    out.kind = FieldSource::Kind::form;
    out.path = {std::string{rest}};
    return out;
  }
  if (kind != "json") return wrong(text, "expected header:name, form:name or json:/pointer");
  out.kind = FieldSource::Kind::json;
  LOUVER_ASSIGN(out.path, read_pointer(rest, text));
  return out;
}

bool overlap(const FieldSource& a, const FieldSource& b) {
  if (a.kind != b.kind) return false;
  const std::size_t common = std::min(a.path.size(), b.path.size());
  return std::equal(a.path.begin(), a.path.begin() + static_cast<std::ptrdiff_t>(common), b.path.begin());
}

}  // namespace louver::profile::http1
