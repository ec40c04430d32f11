#pragma once

#include <string>

#include "base/result.h"
#include "filter/io/mirror/sink.h"

namespace louver::filter::mirror {

struct FileOptions {
  std::string path = {};
  std::size_t rotate_at = std::size_t{64} << 20;  // octets of a file
  std::size_t keep = 4;                           // older files beside it: PATH.1 is the newest of them
  std::size_t queue = std::size_t{16} << 20;      // octets that wait to be written
  Tell tell = {};
};

/// Whether such a file can probably be made or appended to; makes and changes nothing.
/// @fault configuration
Result<> check_file(const std::string& path);

/// Appends to a pcapng file, made with mode 0600, on a thread of its own. When the disk is full, what does not fit is
/// lost and counted; what is in the file stays readable.
/// @fault configuration  it cannot be opened: it is a link, no regular file, somebody else's, or others may read it
Result<std::shared_ptr<Sink>> open_file(FileOptions options);

}  // namespace louver::filter::mirror
