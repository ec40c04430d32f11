#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "profile/http1/lift/contexts.h"

namespace louver::profile::http1 {

/// A value in a body: the octets that stand for it, and what it is.
struct FoundValue {
  std::size_t begin = 0;  // of the body's octets
  std::size_t end = 0;
  FieldType type = FieldType::string;  // `any`: one that is none of the others
  std::string value;                   // string: without quotes and escapes; else the octets themselves
};

/// By the order of what was looked for; nothing where it is not there.
using FoundValues = std::vector<std::optional<FoundValue>>;

}  // namespace louver::profile::http1
