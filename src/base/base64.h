#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace louver {

/// RFC 4648 §4, with padding.
std::string base64_of(Bytes bytes);
/// Nothing for what base64_of does not make: each octet string has one spelling only.
std::optional<Buffer> from_base64(std::string_view text);

}  // namespace louver
