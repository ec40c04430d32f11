#include "config/where.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "config/toml.h"

namespace louver::config {

Where Where::inside(std::string_view key) const {
  Where out = *this;
  if (!out.key_.empty()) out.key_ += '.';
  out.key_ += printable(key, 64);
  return out;
}

std::string Where::at(Place place) const { return to_text(source_->file, place); }

Error Where::plain(Place place, const std::string& text) const { return error_at(source_->file, place, text); }

Error Where::wrong(Place place, const std::string& text) const {
  return plain(place, key_.empty() ? text : key_ + ": " + text);
}

Error Where::expected(std::string_view what, const Value& found) const {
  return wrong(found.place, "expected " + std::string{what} + ", found " + show_found(found));
}

std::string show_found(const Value& value) {
  if (const auto* text = value.as<std::string>()) return in_quotes(*text) + warning_of_lookalikes(*text);
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto* number = value.as<double>()) return fmt::format("{}", *number);
  return std::string{value.kind()};
}

std::string in_quotes(std::string_view text) {
  static constexpr std::size_t shown_most = 64;
  return "\"" + printable(text, shown_most) + (text.size() > shown_most ? "..\"" : "\"");
}

std::string warning_of_lookalikes(std::string_view text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? "" : " (it has letters that are not ASCII)";
}

}  // namespace louver::config
