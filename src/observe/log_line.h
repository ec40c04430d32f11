#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "observe/event.h"

namespace louver::observe {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t {
  text,  // for terminals
  json,  // one object a line, for collectors
};
std::string_view name_of(Level level);

/// A key and its value on a line. Views: they live until write() returns. Never a secret, never content of messages.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, bool>;

  Field(std::string_view k, std::string_view text) : key(k), value(text) {}
  template <std::same_as<bool> T>
  Field(std::string_view k, T flag) : key(k), value(flag) {}
  template <std::signed_integral T>
  Field(std::string_view k, T number) : key(k), value(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view k, T number)
      : key(k), value(static_cast<std::uint64_t>(number)) {}

  std::string_view key;  // a literal, in lower case; "time", "level" and "event" are taken
  Value value;
};

/// The most that a line is long, with its end: what a pipe takes whole or not at all (PIPE_BUF of Linux).
inline constexpr std::size_t line_octets_most = 4096;
inline constexpr std::size_t time_octets = 64;  // room for what stands before the body
inline constexpr std::size_t fields_most = 24;

/// A line without its time, for text `info  session.start session=0a1b/1`, for JSON all behind the time's member.
/// Printable ASCII only: everything else is written as JSON escapes it, broken UTF-8 as U+FFFD. Long values are cut, so
/// that the line stays within line_octets_most - time_octets; fields that still find no room are counted in
/// `fields_left_out`.
std::string line_body(Format format, Level level, Event event, std::span<const Field> fields);

}  // namespace louver::observe
