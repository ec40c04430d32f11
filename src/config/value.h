#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace louver::config {

/// Where something stands in the file; both from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr): it mistakes the generated 0
};

struct Entry;
struct Value;
using Array = std::vector<Value>;
using Table = std::vector<Entry>;  // in the order of the file

/// A date or time of TOML: no key of ours has one.
struct Date {};

/// A TOML value that remembers where it stands; what toml++ gives, without its headers.
struct Value {
  Place place;
  std::variant<bool, std::int64_t, double, std::string, Date, Array, Table> data;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  /// "a boolean", "a table", ...: for messages.
  std::string_view kind() const;
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Value value;
};

}  // namespace louver::config
