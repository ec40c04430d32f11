#include "observe/log_line.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace louver::observe {
namespace {

using Json = nlohmann::ordered_json;

/// Values are cut to the first of these with which the line is short enough.
constexpr std::array<std::size_t, 4> value_octets = {1024, 256, 64, 16};
constexpr std::string_view cut_mark = "...";

bool is_taken(std::string_view key) { return key.empty() || key == "time" || key == "level" || key == "event"; }

/// At most `most` octets, never half a character of UTF-8.
std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string{text};
  std::size_t end = most;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  while (end > 0 && most - end < 3 && continues(end)) --end;
  return std::string{text.substr(0, end)}.append(cut_mark);
}

Json json_of(const Field::Value& value, std::size_t most) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return cut(*text, most);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  return std::get<bool>(value);
}

/// ASCII, everything outside it and all control characters escaped.
std::string dumped(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

/// As it is where nobody can mistake it, else in quotes.
std::string text_of(const Json& value) {
  if (!value.is_string()) return dumped(value);
  const auto& text = value.get_ref<const std::string&>();
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '='; };
  return !text.empty() && std::ranges::all_of(text, plain) ? text : dumped(value);
}

std::string body(Format format, Level level, Event event, const Json& fields) {
  if (format == Format::json) {
    Json object = {{"level", name_of(level)}, {"event", name_of(event)}};
    for (const auto& [key, value] : fields.items()) object[key] = value;
    return dumped(object).substr(1);  // behind the brace stands the time
  }
  std::string out{name_of(level)};
  out.resize(6, ' ');
  out += name_of(event);
  for (const auto& [key, value] : fields.items()) out += " " + text_of(key) + "=" + text_of(value);
  return out;
}

/// The first fields_most of those with a key of their own.
Json object_of(std::span<const Field> fields, std::size_t most) {
  Json out = Json::object();
  std::size_t left_out = 0;
  for (const Field& field : fields) {
    const bool has_room = out.size() < fields_most && !is_taken(field.key);
    if (!has_room || !out.emplace(std::string{field.key}, json_of(field.value, most)).second) ++left_out;
  }
  if (left_out != 0) out["fields_left_out"] = left_out;
  return out;
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  std::abort();
}

std::string line_body(Format format, Level level, Event event, std::span<const Field> fields) {
  for (const std::size_t most : value_octets) {
    std::string out = body(format, level, event, object_of(fields, most));
    if (out.size() <= line_octets_most - time_octets) return out;
  }
  return body(format, level, event, {{"fields_left_out", fields.size()}});
}

}  // namespace louver::observe
