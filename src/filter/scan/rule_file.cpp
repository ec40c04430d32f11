#include "filter/scan/rule_file.h"

#include <algorithm>
#include <map>

#include "filter/http/grammar.h"

namespace louver::filter::scan {
namespace {

constexpr std::string_view blanks = " \t";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return http::is_digit(c) || http::is_lower(c) || http::is_upper(c) || c == '-' || c == '_' || c == '.';
  });
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

/// Nothing for a line that says nothing.
Result<std::optional<Rule>> read_line(std::string_view line, const std::string& place) {
  const auto wrong = [&](std::string_view what) {
    return Error{Fault::configuration, place + ": " + std::string{what}};
  };
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (has_control_character(line)) return wrong("a control character; in a pattern it is written as \\x01");
  const std::size_t last = line.find_last_not_of(blanks);
  if (last == std::string_view::npos || line.starts_with('#')) return std::optional<Rule>{};
  line = line.substr(0, last + 1);
  const std::size_t name_end = line.find_first_of(blanks);
  const std::string_view name = line.substr(0, name_end);
  if (!is_name(name)) return wrong("it begins with no name of 1 to 64 letters, digits, '-', '_' or '.'");
  if (name_end == std::string_view::npos) return wrong("a name without a pattern");
  const std::string_view pattern = line.substr(line.find_first_not_of(blanks, name_end));
  if (pattern.size() > pattern_octets_most)
    return wrong("a pattern of more than " + std::to_string(pattern_octets_most) + " octets");
  return std::optional{Rule{std::string{name}, std::string{pattern}, place}};
}

}  // namespace

Result<std::vector<Rule>> parse_rules(std::string_view text, const std::string& name) {
  std::vector<Rule> out;
  std::map<std::string, std::string> places;  // of names
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string place = name + ":" + std::to_string(number);
    LOUVER_ASSIGN(std::optional<Rule> rule, read_line(line, place));
    if (!rule) continue;
    if (out.size() == rules_most)
      return Error{Fault::configuration, place + ": more than " + std::to_string(rules_most) + " rules"};
    const auto [first, is_new] = places.try_emplace(rule->name, place);
    if (!is_new)
      return Error{Fault::configuration, place + ": rule \"" + rule->name + "\" stands in " + first->second + " too"};
    out.push_back(*std::move(rule));
  }
  return out;
}

}  // namespace louver::filter::scan
