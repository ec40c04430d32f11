#pragma once

#include <cstdint>
#include <functional>

#include "filter/coding/decoding.h"
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

/// A message that goes on although it, or the rest of it, could not be searched, since the options say so.
struct Unsearched {
  std::string_view session;
  std::string_view context;
  Direction direction{};
  Exchange exchange{};
  std::string_view why;
};

struct ScanOptions {
  enum class OnMatch : std::uint8_t {
    note,     // tell, and let it pass: needs read
    block,    // end the session before the octets at which the match ends go on: needs inspect
    redact,   // put a tombstone in the place of the record in which the match ends: needs redact
    replace,  // put `fill` in the place of each octet of the match, and change nothing else: needs write
  };
  std::vector<std::string> contexts = {};  // empty: every context on which the session grants enough
  std::vector<Rule> rules = {};
  OnMatch on_match = OnMatch::block;
  char fill = 'x';
  /// Let bodies pass that cannot be searched: in an unknown content coding, in one that does not decode within
  /// `bounds`, or a WebSocket's. Else they are stopped.
  bool pass_coded = false;
  /// Let parts of things pass (206), in which a pattern may be cut; else ranges are not asked for where heads of
  /// requests may be written, and parts are stopped.
  bool pass_ranges = false;
  coding::Bounds bounds = {};
  /// Called on the session's thread, so by several threads at a time; must not block.
  std::function<void(const Finding&)> write = {};
  std::function<void(const Unsearched&)> write_unsearched = {};
};

/// Searches messages for patterns, as they stream by, across records, and within content codings. To tell how a body is
/// coded it needs read on the heads too, unless both pass_coded and pass_ranges are set.
///
/// What `block` and `redact` have let pass before a match was complete has gone on: of a match that spans records,
/// `redact` hides the last one. `replace` keeps back what may become a match, so that it covers all of it. In coded
/// bodies, which it cannot change, a match ends the session, as it does with `redact`; where it may write heads of
/// requests it asks for answers without coding.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_scan(ScanOptions options);

}  // namespace louver::filter::scan
