#include "config/units.h"

#include <charconv>
#include <span>

namespace louver::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit time_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit size_units[] = {{"", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}};
constexpr std::uint64_t milliseconds_most = 10ULL * 365 * 24 * 3'600'000;
constexpr std::uint64_t octets_most = 1ULL << 40;

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.name == text && number <= most / unit.factor) return number * unit.factor;
  }
  return std::nullopt;
}

std::string show(std::uint64_t number, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (number != 0 && number % unit.factor == 0) best = &unit;
  }
  return std::to_string(number / best->factor) + std::string{best->name};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto number = parse(text, time_units, milliseconds_most);
  if (!number) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*number)};
}

std::string to_text(std::chrono::milliseconds duration) {
  return show(static_cast<std::uint64_t>(duration.count()), time_units);
}

std::optional<std::uint64_t> parse_octets(std::string_view text) { return parse(text, size_units, octets_most); }

std::string octets_to_text(std::uint64_t octets) { return show(octets, size_units); }

}  // namespace louver::config
