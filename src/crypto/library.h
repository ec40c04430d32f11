#pragma once

#include <string_view>

namespace louver::crypto {

/// Name and version of the cryptographic library that is loaded.
std::string_view library_version();

}  // namespace louver::crypto
