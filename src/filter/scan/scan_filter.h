#pragma once

#include <cstdint>
#include <functional>

#include "filter/filter.h"
#include "filter/scan/patterns.h"

namespace louver::filter::scan {

/// A message in which a rule matched. The views live until the callback returns.
struct Finding {
  std::string_view session;  // SessionInfo::id
  std::string_view context;
  std::string_view rule;
  Direction direction{};
  Exchange exchange{};
};

struct ScanOptions {
  enum class OnMatch : std::uint8_t {
    note,    // tell, and let it pass: needs read
    block,   // end the session before the octets at which the match ends go on: needs inspect
    redact,  // put a tombstone in the place of the record in which the match ends: needs redact
  };
  std::vector<std::string> contexts = {};  // empty: every context on which the session grants enough
  std::vector<Rule> rules = {};
  OnMatch on_match = OnMatch::block;
  /// Let bodies with a content coding pass unsearched. Else they are stopped; to tell them from others, the filter
  /// needs read on the heads too.
  bool pass_coded = false;
  /// Called on the session's thread, so by several threads at a time; must not block.
  std::function<void(const Finding&)> write = {};
};

/// Searches messages for patterns, as they stream by, across records. What it has let pass before a match was complete
/// has gone on: of a match that spans records, `redact` hides the last one.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_scan(ScanOptions options);

}  // namespace louver::filter::scan
