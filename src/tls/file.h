#pragma once

#include <string>

#include "base/result.h"
#include "tls/secret_bytes.h"

namespace louver::tls {

enum class FileAccess : std::uint8_t {
  anybody,     // certificates
  owner_only,  // private keys: refused if its group or others may do anything with it
};

/// The whole of a regular file of at most 1 MiB. The mode is looked at on the opened file, so that it cannot be swapped
/// in between.
/// @fault configuration, with the path, the reason and the remedy
Result<SecretBytes> read_file(const std::string& path, FileAccess access);

}  // namespace louver::tls
