#pragma once

#include "filter/filter.h"
#include "filter/io/mirror/sink.h"

namespace louver::filter::mirror {

struct MirrorOptions {
  std::vector<std::string> contexts = {};  // empty: every context on which the session grants read
  FileOptions file = {};
};

/// Copies what it is shown, decrypted, to a pcapng file: a TCP connection for each session, which never was and from
/// addresses that are made up, with the HTTP/1.1 of the contexts that are seen, or the octets of stream/1. It watches
/// only: whatever becomes of the copy, the session goes on.
///
/// All filters of a process that name the same file write through one sink, also those of another edition of the rules.
/// The file is opened for the first session.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_mirror(MirrorOptions options);

}  // namespace louver::filter::mirror
