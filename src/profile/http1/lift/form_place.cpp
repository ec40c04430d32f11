#include "profile/http1/lift/form_place.h"

#include <algorithm>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr Refusal no_form{400, "the body is no form of one meaning"};
constexpr Refusal twice_in_form{400, "a field that is to be lifted stands in the form twice, or without a value"};

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace

Verdict find_in_form(std::string_view body, std::span<const FieldContext* const> sources, FoundValues& out) {
  out.assign(sources.size(), std::nullopt);
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != ';'; };
  if (!std::ranges::all_of(body, fits)) return no_form;
  std::size_t begin = 0;
  while (begin <= body.size()) {
    const std::size_t end = std::min(body.find('&', begin), body.size());
    const std::string_view pair = body.substr(begin, end - begin);
    const std::size_t equals = pair.find('=');
    const auto name = decoded(pair.substr(0, equals));
    const auto value = decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return no_form;
    const auto wanted =
        std::ranges::find_if(sources, [&](const FieldContext* one) { return one->source.path.front() == *name; });
    if (wanted != sources.end()) {
      auto& found = out[static_cast<std::size_t>(wanted - sources.begin())];
      if (found || equals == std::string_view::npos) return twice_in_form;
      found = FoundValue{.begin = begin + equals + 1, .end = end, .type = FieldType::string, .value = *value};
    }
    begin = end + 1;
  }
  return {};
}

std::string form_text(std::string_view value) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_alpha(c) || is_digit(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out.append({'%', digits[octet >> 4], digits[octet & 15]});
    }
  }
  return out;
}

}  // namespace louver::profile::http1
