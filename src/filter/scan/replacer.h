#pragma once

#include "filter/filter.h"
#include "filter/scan/open_match.h"

namespace louver::filter::scan {

/// One message in which matches are covered: each octet of a match becomes `fill`, all others stay as they are.
///
/// What may be the beginning of a match is kept back until that is decided, at most OpenMatch::most() octets and one
/// piece; all else goes on at once. However a message is cut, what goes on is the same.
class Replacer {
 public:
  /// @param patterns  with Want::whole, outlives this
  /// @param open      of the same rules, outlives this
  /// @fault filter_failed
  static Result<std::unique_ptr<Replacer>> make(const Patterns& patterns, const OpenMatch& open, char fill);

  /// Takes a piece in, puts out what is decided. `on_rule` is told once of each rule that matched.
  /// @return passes: nothing was kept back, before or now, and nothing matched: `piece` itself may go on instead
  /// @fault filter_failed
  using OnRule = std::function<void(std::size_t rule)>;
  struct Outcome {
    bool passes = false;
    bool holds = false;  // something is kept back
  };
  Result<Outcome> take(Bytes piece, bool end, const OnRule& on_rule, Emitter& out);

 private:
  Replacer(const OpenMatch& open, char fill) : open_(open), fill_(static_cast<std::byte>(fill)) {}
  Result<bool> search(Bytes piece, bool end, const OnRule& on_rule);
  bool cover(const Match& match);

  const OpenMatch& open_;
  std::byte fill_;
  std::unique_ptr<Patterns::Stream> stream_;
  std::vector<bool> told_;
  std::uint64_t begin_ = 0;  // where in the message text_ begins
  std::size_t before_ = 0;   // octets of text_ that have gone on already: 0 or 1
  Buffer text_;              // as it came
  Buffer covered_;           // the same, with matches covered
  std::uint64_t from_ = 0;   // the match that was covered last: most overlap it
  std::uint64_t to_ = 0;
};

}  // namespace louver::filter::scan
