#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/value.h"

namespace louver::config {

/// Parses TOML 1.0: at most file_bytes_most octets of UTF-8 without a byte order mark.
/// @param file  what messages call it
/// @fault configuration: "file:line:column: ..."
Result<Table> parse_toml(std::string_view text, const std::string& file);

/// The contents of a file, at most file_bytes_most octets.
/// @fault configuration: "file: ..."
Result<std::string> read_file(const std::string& path);

/// "file:line:column"
std::string to_text(const std::string& file, Place place);
/// The one form of all errors: "file:line:column: text"
Error error_at(const std::string& file, Place place, const std::string& text);

}  // namespace louver::config
