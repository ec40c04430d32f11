#pragma once

#include <array>
#include <span>

#include "base/strong.h"
#include "profile/http1/lift/source.h"

namespace louver::profile::http1 {

/// What a value must be to be lifted and put back.
enum class FieldType : std::uint8_t {
  string,   // carried as its text, without quotes or escapes; the only one outside of JSON
  number,   // this and the next two are carried as the JSON text that stood there
  boolean,  // true, false
  any       // whatever JSON value
};
/// "string", "number", "boolean", "any"
std::string_view name_of(FieldType type);

/// A context that carries one value of each message, lifted out of head or body.
struct FieldContext {
  std::string name;  // of the context
  FieldSource source;
  FieldType type = FieldType::string;
  ContextId id{};
  bool operator==(const FieldContext&) const = default;
};

/// The field contexts of a session, by direction; a session without has none.
struct FieldContexts {
  std::array<std::vector<FieldContext>, 2> of;
  std::span<const FieldContext> in(Direction direction) const { return of[slot(direction)]; }
  bool operator==(const FieldContexts&) const = default;
};

inline constexpr std::size_t field_contexts_most = 16;

}  // namespace louver::profile::http1
