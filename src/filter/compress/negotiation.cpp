#include "filter/compress/negotiation.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "filter/http/grammar.h"
#include "filter/http/list.h"

namespace louver::filter::compress {
namespace {

/// Calls `on_element` for each element of the fields of that name.
template <class OnElement>
void for_each_element(const http::Head& head, std::string_view name, const OnElement& on_element) {
  for (const http::Field& field : head.fields) {
    if (field.name != name) continue;
    http::for_each_element(field.value, [&](std::string_view element) {
      on_element(element);
      return true;
    });
  }
}

/// ";q=0", ";q=0.000": not at all. False too for a weight that is none.
bool has_weight(std::string_view parameters) {
  if (parameters.empty()) return true;
  const std::string text = http::lowered(http::without_blanks(parameters.substr(1)));
  if (!text.starts_with("q=")) return false;
  const std::string_view weight = std::string_view{text}.substr(2);
  const bool has_form =
      !weight.empty() && weight.size() <= 5 && (weight[0] == '0' || weight[0] == '1') &&
      (weight.size() == 1 || weight[1] == '.') &&
      weight.substr(std::min<std::size_t>(2, weight.size())).find_first_not_of("0123456789") == std::string_view::npos;
  return has_form && weight.find_first_not_of("0.") != std::string_view::npos;
}

/// What the list says of a coding: yes, no, or nothing.
std::optional<bool> verdict_on(const http::Head& request, std::string_view coding) {
  std::optional<bool> out;
  for_each_element(request, "accept-encoding", [&](std::string_view element) {
    const std::size_t semicolon = element.find(';');
    if (http::lowered(http::without_blanks(element.substr(0, semicolon))) != coding) return;
    const bool accepted = has_weight(semicolon == std::string_view::npos ? "" : element.substr(semicolon));
    out = out.value_or(true) && accepted;
  });
  return out;
}

bool has(const http::Head& head, std::string_view name) {
  return std::ranges::find(head.fields, name, &http::Field::name) != head.fields.end();
}

/// Text, and what is text under another name.
bool is_worth_it(const http::Head& response) {
  static constexpr std::array<std::string_view, 8> types = {
      "application/json", "application/javascript", "application/xml",          "application/xhtml+xml",
      "application/wasm", "application/x-ndjson",   "application/x-javascript", "image/svg+xml"};
  if (std::ranges::count(response.fields, "content-type", &http::Field::name) != 1) return false;
  const std::string& value = std::ranges::find(response.fields, "content-type", &http::Field::name)->value;
  const std::string type = http::lowered(http::without_blanks(std::string_view{value}.substr(0, value.find(';'))));
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::ranges::find(types, type) != types.end();
}

/// Fields that speak of the octets of the body, which will be others.
bool is_pinned(const http::Head& response) {
  static constexpr std::array<std::string_view, 7> names = {
      "content-md5", "digest", "content-digest", "repr-digest", "content-range", "signature", "delta-base"};
  return std::ranges::any_of(names, [&](std::string_view name) { return has(response, name); });
}

bool has_content(std::string_view status) {
  static constexpr std::array<std::string_view, 6> without = {"204", "205", "206", "226", "304", "101"};
  return status[0] != '1' && std::ranges::find(without, status) == without.end();
}

}  // namespace

std::optional<coding::Coding> accepted_of(const http::Head& request, std::span<const coding::Coding> offered) {
  const std::optional<bool> any = verdict_on(request, "*");
  for (const coding::Coding one : offered) {
    if (verdict_on(request, name_of(one)).value_or(any.value_or(false))) return one;
  }
  return std::nullopt;
}

bool lists(const http::Head& head, std::string_view field, std::string_view token) {
  bool found = false;
  for_each_element(head, field, [&](std::string_view element) { found = found || http::lowered(element) == token; });
  return found;
}

std::string_view why_not(const http::Head& response, std::uint64_t least) {
  if (!has_content(std::string_view{response.status_line}.substr(9, 3))) return "it has no content of its own";
  const auto codings = coding::codings_of(response.fields);
  if (!codings || !codings->empty()) return "it is coded already";
  if (lists(response, "cache-control", "no-transform")) return "it is not to be changed";
  if (is_pinned(response)) return "its fields speak of its octets";
  if (!is_worth_it(response)) return "its type does not become smaller";
  if (response.content_length) {
    const std::string& text = *response.content_length;
    std::uint64_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (length < least) return "it is short";
  }
  return {};
}

void apply_coding(http::Head& response, coding::Coding coding) {
  std::erase_if(response.fields, [](const http::Field& field) {
    return field.name == "content-encoding" || field.name == "accept-ranges";  // "identity", and ranges of other octets
  });
  for (http::Field& field : response.fields) {
    // The same content in other octets: RFC 9110 §8.8.1
    if (field.name == "etag" && field.value.starts_with('"')) field.value.insert(0, "W/");
  }
  response.fields.push_back({"content-encoding", std::string{name_of(coding)}});
  if (!lists(response, "vary", "accept-encoding") && !lists(response, "vary", "*"))
    response.fields.push_back({"vary", "accept-encoding"});
  response.content_length.reset();
}

}  // namespace louver::filter::compress
