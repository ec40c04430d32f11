#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace louver::role {

/// What roles report: one line for each event, under a stable name. Never a secret, never payload.
class Journal {
 public:
  enum class Level : std::uint8_t { debug, info, warn, error };
  struct Field {
    std::string_view name;
    std::variant<std::string, std::int64_t, bool> value;
  };
  virtual ~Journal() = default;
  virtual void write(Level level, std::string_view event, std::initializer_list<Field> fields) = 0;

  void info(std::string_view event, std::initializer_list<Field> fields) { write(Level::info, event, fields); }
  void warn(std::string_view event, std::initializer_list<Field> fields) { write(Level::warn, event, fields); }
  void debug(std::string_view event, std::initializer_list<Field> fields) { write(Level::debug, event, fields); }

 protected:
  Journal() = default;
  Journal(const Journal&) = default;
  Journal& operator=(const Journal&) = default;
};

}  // namespace louver::role
