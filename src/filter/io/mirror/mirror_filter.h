#pragma once

#include "filter/filter.h"
#include "filter/io/mirror/file_sink.h"
#include "filter/io/mirror/tap.h"

namespace louver::filter::mirror {

struct MirrorOptions {
  std::vector<std::string> contexts = {};  // empty: every context on which the session grants read
  std::optional<FileOptions> file = {};
  std::shared_ptr<const Tap> tap = {};  // opened by whoever made it; null: nobody can connect
  bool on_paper = false;                // copies nothing, and nothing is looked at: to be asked what it needs
};

/// Copies what it is shown, decrypted, to a pcapng file, to tools that are connected, or both: a TCP connection for
/// each session, which never was and from addresses that are made up, with the HTTP/1.1 of the contexts that are seen,
/// or the octets of stream/1. It watches only: whatever becomes of the copy, the session goes on.
///
/// All filters of a process that name the same file write through one sink, also those of another edition of the rules.
/// The file is opened for the first session.
/// @fault configuration  also where there is neither file nor tap, but on paper
Result<std::shared_ptr<const FilterFactory>> make_mirror(MirrorOptions options);

}  // namespace louver::filter::mirror
