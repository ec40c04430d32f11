#include "config/toml.h"

// toml++ 3.3 asserts, or in optimised builds assumes, what a file can break ("[=" for a table header), before it checks
// the same with an error. Without the assertions it comes to the error.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/bytes.h"
#include "config/config.h"
#include "config/prescan.h"

namespace louver::config {
namespace {

Place place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

Value convert(const toml::node& node);

Table convert_table(const toml::table& table) {
  Table out;
  for (const auto& [key, node] : table) {
    out.push_back({std::string{key.str()}, place_of(key.source()), convert(node)});
  }
  std::ranges::sort(out, {}, &Entry::place);  // toml++ sorts by key; messages go by the order of the file
  return out;
}

Array convert_array(const toml::array& array) {
  Array out;
  for (const toml::node& node : array) out.push_back(convert(node));
  return out;
}

Value convert(const toml::node& node) {
  Value out{place_of(node.source()), Date{}};
  switch (node.type()) {
    case toml::node_type::boolean:
      out.data = node.as_boolean()->get();
      break;
    case toml::node_type::integer:
      out.data = node.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      out.data = node.as_floating_point()->get();
      break;
    case toml::node_type::string:
      out.data = node.as_string()->get();
      break;
    case toml::node_type::array:
      out.data = convert_array(*node.as_array());
      break;
    case toml::node_type::table:
      out.data = convert_table(*node.as_table());
      break;
    default:  // dates and times
      break;
  }
  return out;
}

/// The number of octets at the beginning of `text` that are well-formed UTF-8 (RFC 3629).
std::size_t valid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto octet = [&](std::size_t at) { return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0U; };
    const auto tail = [&](std::size_t at) { return (octet(at) & 0xc0U) == 0x80U; };
    const unsigned a = octet(i);
    const unsigned b = octet(i + 1);
    if (a < 0x80) {
      i += 1;
    } else if (a >= 0xc2 && a < 0xe0 && tail(i + 1)) {
      i += 2;
    } else if (a >= 0xe0 && a < 0xf0 && tail(i + 1) && tail(i + 2) && !(a == 0xe0 && b < 0xa0) &&
               !(a == 0xed && b >= 0xa0)) {
      i += 3;
    } else if (a >= 0xf0 && a < 0xf5 && tail(i + 1) && tail(i + 2) && tail(i + 3) && !(a == 0xf0 && b < 0x90) &&
               !(a == 0xf4 && b >= 0x90)) {
      i += 4;
    } else {
      return i;
    }
  }
  return i;
}

std::string say(Oddity::Kind kind) {
  switch (kind) {
    case Oddity::Kind::deep_key:
      return "a key with more than " + std::to_string(key_parts_most) + " parts";
    case Oddity::Kind::odd_quote:
      return "a quote where no key or value begins";
    case Oddity::Kind::not_ascii:
      break;
  }
  return "a character that is not ASCII: it may only be in strings and comments";
}

/// The place of an offset; the column counts octets.
Place place_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n')),
          static_cast<std::uint32_t>(1 + offset - line_start)};
}

Result<> check_text(std::string_view text, const std::string& file) {
  if (text.size() > file_bytes_most) {
    return error_at(file, {},
                    "the file has more than " + std::to_string(file_bytes_most) + " octets: this is no configuration");
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    return error_at(file, {}, "the file begins with a byte order mark: save it as UTF-8 without one");
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return error_at(file, {}, "the file is UTF-16: save it as UTF-8");
  }
  if (const std::size_t valid = valid_utf8(text); valid < text.size()) {
    return error_at(file, place_at(text, valid), "the file is not UTF-8 here: save it as UTF-8");
  }
  if (const auto oddity = find_oddity(text)) return error_at(file, place_at(text, oddity->offset), say(oddity->kind));
  return {};
}

/// toml++'s words without "Error while parsing ...: ", printable.
std::string reason_in(std::string_view description) {
  static constexpr std::string_view prefix = "Error while parsing ";
  if (description.starts_with(prefix))
    description.remove_prefix(std::min(description.find(": ") + 2, description.size()));
  return printable(description, 300) + (description.starts_with("cannot redefine") ? "; write it once" : "");
}

}  // namespace

Result<Table> parse_toml(std::string_view text, const std::string& file) {
  LOUVER_TRY(check_text(text, file));
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    return error_at(file, place_of(error.source()), "not TOML: " + reason_in(error.description()));
  }
  return convert_table(result.table());
}

Result<std::string> read_file(const std::string& path) {
  const auto failed = [&](const std::string& text) { return Error{Fault::configuration, path + ": " + text}; };
  std::ifstream in(path, std::ios::binary);
  if (!in) return failed(std::string{"can't be opened: "} + std::strerror(errno));
  std::string text(file_bytes_most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return failed("can't be read: is it a file?");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string to_text(const std::string& file, Place place) {
  return file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

Error error_at(const std::string& file, Place place, const std::string& text) {
  return {Fault::configuration, to_text(file, place) + ": " + text};
}

std::string_view Value::kind() const {
  static constexpr std::string_view kinds[] = {
      "a boolean", "an integer", "a number with a fraction", "a string", "a date", "a list", "a table"};
  return kinds[data.index()];
}

}  // namespace louver::config
