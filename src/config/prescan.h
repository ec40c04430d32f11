#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace louver::config {

inline constexpr std::size_t key_parts_most = 16;

/// What the parser must not see.
struct Oddity {
  enum class Kind {
    deep_key,   // a key with more than key_parts_most parts (a.b.c has three)
    odd_quote,  // a quote where no key or value begins: where strings end would be a guess
    not_ascii,  // a character beyond ASCII that is neither in a string nor in a comment, where TOML 1.0 has none
  };
  Kind kind;
  std::size_t offset;  // in the text
};

/// The first of them, or nothing. Strings and comments are skipped; what is malformed otherwise is left to the parser.
///
/// toml++ 3.3 makes a table inside a table for each part of a key without a bound, and its destructor follows them
/// recursively: a megabyte of `a.a.a` would overflow the stack. And its tables of Unicode end in undefined behaviour
/// for some characters, U+FDFB for one, when it looks for white space. (Its reader of strings and comments does not ask
/// those tables.)
std::optional<Oddity> find_oddity(std::string_view text);

}  // namespace louver::config
