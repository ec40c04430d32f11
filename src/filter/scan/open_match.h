#pragma once

#include <memory>
#include <span>

#include "filter/scan/patterns.h"

namespace louver::filter::scan {

/// Says how much of the end of what has come may be the beginning of a match, so that a filter that replaces keeps back
/// no more than that. Immutable: shared by all threads.
///
/// Vectorscan tells of matches that are whole and of nothing else; so each rule is compiled for PCRE2 too, whose
/// partial matching over all alternatives at once (the DFA algorithm) answers this. Where it cannot tell within its
/// bounds, the answer is the longest match.
class OpenMatch {
 public:
  /// @param patterns  the same rules, with Want::whole; outlives this
  /// @fault configuration  a pattern that the two libraries do not both understand; the detail names the rule
  static Result<std::unique_ptr<const OpenMatch>> compile(std::span<const Rule> rules, const Patterns& patterns);
  virtual ~OpenMatch() = default;
  OpenMatch(const OpenMatch&) = delete;
  OpenMatch& operator=(const OpenMatch&) = delete;

  /// @param text    what has come and was not let go, and one octet before it if there is one
  /// @param before  0 or 1: how many octets of `text` stand before it
  /// @return how many octets at the end of `text`, at most text.size() - before, a match that is yet to come may begin
  /// in
  virtual std::size_t open_at_the_end(Bytes text, std::size_t before) const = 0;
  /// The most that open_at_the_end() returns.
  virtual std::size_t most() const = 0;

 protected:
  OpenMatch() = default;
};

}  // namespace louver::filter::scan
