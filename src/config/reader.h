#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "config/checks.h"
#include "config/key.h"
#include "config/types.h"

/// Reads tables by their keys (schema.h): every entry must be a key, every required key must be an entry.
namespace louver::config {

/// The message for a key that is not among `known`.
Error unknown_key(const Entry& entry, const std::vector<std::string_view>& known, const Where& where);
Error missing_key(std::string_view name, std::string_view description, Place table, const Where& where);
/// Roles whose files have this key at their top.
std::vector<Role> roles_with(std::string_view top_key);

template <class S>
void for_each_key(const auto& visit) {
  std::apply([&](const auto&... keys) { (visit(keys), ...); }, keys_of(Tag<S>{}));
}

/// Reads the entry into the member that its key names; false if S has no such key.
template <class S>
Result<bool> read_entry(const Entry& entry, const Where& where, S& out) {
  Result<bool> found = false;
  for_each_key<S>([&](const auto& key) {
    if (key.name != entry.key) return;
    auto value = key.type.read(entry.value, where.inside(key.name));
    if (value) {
      out.*(key.member) = *std::move(value);
      found = true;
    } else {
      found = std::move(value).error();
    }
  });
  return found;
}

template <class S>
Result<> find_missing(const Table& table, Place place, const Where& where) {
  Result<> missing;
  for_each_key<S>([&](const auto& key) {
    if (key.required && missing && std::ranges::find(table, key.name, &Entry::key) == table.end()) {
      missing = missing_key(key.name, key.description, place, where);
    }
  });
  return missing;
}

/// Reads a table whose keys are those of all the structs together.
template <class... S>
Result<> read_members(const Table& table, Place place, const Where& where, S&... out) {
  for (const Entry& entry : table) {
    Result<bool> found = false;
    const auto try_in = [&](auto& target) {
      if (found && !*found) found = read_entry(entry, where, target);
    };
    (try_in(out), ...);
    if (!found) return std::move(found).error();
    if (*found) continue;
    std::vector<std::string_view> known;
    (for_each_key<S>([&](const auto& key) { known.push_back(key.name); }), ...);
    return unknown_key(entry, known, where);
  }
  Result<> missing;
  ((missing = missing ? find_missing<S>(table, place, where) : missing), ...);
  LOUVER_TRY(std::move(missing));
  const auto set_place = [&](auto& target) {
    if constexpr (requires { target.place; }) target.place = where.at(place);
  };
  (set_place(out), ...);
  Result<> checked;
  ((checked = checked ? check(out, where, place) : checked), ...);
  return checked;
}

template <class S>
struct TableOf {
  using Out = S;
  using Inner = S;
  static constexpr bool many = false;

  Result<S> read(const Value& value, const Where& where) const {
    const auto* table = value.as<Table>();
    if (!table) return where.expected("a table", value);
    S out{};
    LOUVER_TRY(read_members(*table, value.place, where, out));
    return out;
  }
  std::string word() const { return "table"; }
  std::string show(const S&) const { return ""; }
};

template <class S>
struct TablesOf {
  using Out = std::vector<S>;
  using Inner = S;
  static constexpr bool many = true;
  std::size_t most = 1000;

  Result<Out> read(const Value& value, const Where& where) const {
    const auto* array = value.as<Array>();
    if (!array) return where.expected("tables, each with [[" + where.key() + "]] before it", value);
    if (array->size() > most)
      return where.wrong(value.place, "at most " + std::to_string(most) + " of them may be there");
    Out out;
    for (const Value& item : *array) {
      LOUVER_ASSIGN(S read, TableOf<S>{}.read(item, where));
      out.push_back(std::move(read));
    }
    return out;
  }
  std::string word() const { return "tables, at most " + std::to_string(most); }
  std::string show(const Out&) const { return ""; }
};

}  // namespace louver::config
