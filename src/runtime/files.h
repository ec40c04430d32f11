#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

/// Files of the operator's, opened so that nobody can put another in their place between check and use (SECURITY
/// PK-01). Every fault is `configuration`, names the path and says what to do.
namespace louver::runtime {

/// Reads a whole regular file of at most `most_bytes`. Follows symbolic links (mounted secrets are links), but refuses
/// pipes, devices and files that everybody may write.
Result<Buffer> read_file_checked(const std::string& path, std::size_t most_bytes);

/// As `read_file_checked`, for keys: nobody but the owner may read or write it, who must be this user or root; what
/// root owns may also be readable for its group. The bytes are wiped when `use` returns; its result is returned.
Result<> read_private_file(const std::string& path, std::size_t most_bytes, const std::function<Result<>(Bytes)>& use);

enum class IfExists : std::uint8_t {
  refuse,
  replace,  // at once: whoever opens it sees the old bytes or the new ones
};

/// Makes a file that only its owner can read (mode 0600 whatever the umask), written to the disk before this returns.
/// Never writes through a link or into a file that was there; leaves nothing behind when it fails.
Result<> write_private_file(const std::string& path, Bytes bytes, IfExists if_exists = IfExists::refuse);

/// Likewise with mode 0644, for certificates and other things that are no secret.
Result<> write_public_file(const std::string& path, Bytes bytes, IfExists if_exists = IfExists::refuse);

}  // namespace louver::runtime
