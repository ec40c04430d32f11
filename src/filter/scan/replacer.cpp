#include "filter/scan/replacer.h"

#include <algorithm>

namespace louver::filter::scan {

Result<std::unique_ptr<Replacer>> Replacer::make(const Patterns& patterns, const OpenMatch& open, char fill) {
  std::unique_ptr<Replacer> made{new Replacer{open, fill}};
  LOUVER_ASSIGN(made->stream_, patterns.begin());
  return made;
}

Result<Replacer::Outcome> Replacer::take(Bytes piece, bool end, const OnRule& on_rule, Emitter& out) {
  const bool was_empty = text_.size() == before_;
  append(text_, piece);
  append(covered_, piece);
  LOUVER_ASSIGN(const bool found, search(piece, end, on_rule));
  const std::size_t kept = end ? 0 : open_.open_at_the_end(text_, before_);
  const std::size_t goes = text_.size() - kept;  // the octet before them included
  const bool passes = was_empty && kept == 0 && !found;
  if (!passes && (goes > before_ || end)) LOUVER_TRY(out.emit(Bytes{covered_}.subspan(before_, goes - before_), end));
  const std::size_t drop = goes > 0 ? goes - 1 : 0;  // the last one that went on is the next one's context
  text_.erase(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(drop));
  covered_.erase(covered_.begin(), covered_.begin() + static_cast<std::ptrdiff_t>(drop));
  begin_ += drop;
  before_ = goes > 0 ? 1 : 0;
  return Outcome{passes, kept > 0};
}

Result<bool> Replacer::search(Bytes piece, bool end, const OnRule& on_rule) {
  bool too_late = false;
  bool found = false;
  const Patterns::OnMatch on_match = [&](const Match& match) {
    found = true;
    if (!cover(match)) too_late = true;
    if (told_.size() <= match.rule) told_.resize(match.rule + 1);
    if (!told_[match.rule]) on_rule(match.rule);
    told_[match.rule] = true;
  };
  LOUVER_TRY(stream_->search(piece, on_match));
  if (end) LOUVER_TRY(stream_->end(on_match));
  if (too_late) return Error{Fault::filter_failed, "a match begins before what was kept back"};
  return found;
}

/// False if an octet of it has gone on: what OpenMatch promised did not hold. The message must not go on then.
bool Replacer::cover(const Match& match) {
  const std::uint64_t end = begin_ + text_.size();
  if (match.from < begin_ + before_ || match.to > end || match.from > match.to) return false;
  if (match.from >= from_ && match.to <= to_) return true;
  std::uint64_t from = match.from;
  if (from >= from_ && from <= to_) {
    from = to_;  // covered up to here already
    to_ = match.to;
  } else {
    from_ = match.from;
    to_ = match.to;
  }
  const auto at = [&](std::uint64_t offset) { return covered_.begin() + static_cast<std::ptrdiff_t>(offset - begin_); };
  std::fill(at(from), at(match.to), fill_);
  return true;
}

}  // namespace louver::filter::scan
