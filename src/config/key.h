#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace louver::config {

/// One key of a table: its name, the member that its value goes to, its type, and what the documents say of it.
template <class S, class M, class T>
struct Key {
  std::string_view name;
  M S::*member;
  T type;
  std::string_view description;
  bool required = false;
  std::string_view fallback = {};  // words for the documents where the default is not a value

  constexpr Key needed() const {
    Key out = *this;
    out.required = true;
    return out;
  }
  constexpr Key otherwise(std::string_view words) const {
    Key out = *this;
    out.fallback = words;
    return out;
  }
};

template <class S, class M, class T>
constexpr Key<S, M, T> key(std::string_view name, M S::*member, T type, std::string_view description) {
  return {name, member, type, description};
}

/// Selects the keys of a struct: `keys_of(Tag<Limits>{})` is the tuple of its keys.
template <class S>
struct Tag {};

/// The type of `[name]`: a table whose keys are those of S.
template <class S>
struct TableOf;
/// The type of `[[name]]`.
template <class S>
struct TablesOf;

}  // namespace louver::config
