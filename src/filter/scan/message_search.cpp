#include "filter/scan/message_search.h"

namespace louver::filter::scan {

/// What comes out of the codings is searched and forgotten.
class MessageSearch::Look final : public coding::ByteSink {
 public:
  Look(Patterns::Stream& stream, std::optional<std::size_t>& rule) : stream_(stream), rule_(rule) {}
  Result<> take(Bytes bytes) override { return stream_.search(bytes, on_match()); }
  Result<> end() { return stream_.end(on_match()); }

 private:
  Patterns::OnMatch on_match() {
    return [this](const Match& match) {
      if (!rule_) rule_ = match.rule;
    };
  }
  Patterns::Stream& stream_;
  std::optional<std::size_t>& rule_;
};

Result<std::unique_ptr<MessageSearch>> MessageSearch::make(const Patterns& patterns,
                                                           std::span<const coding::Coding> codings,
                                                           const coding::Bounds& bounds) {
  std::unique_ptr<MessageSearch> made{new MessageSearch{!codings.empty()}};
  LOUVER_ASSIGN(made->stream_, patterns.begin());
  if (codings.empty()) return made;
  LOUVER_ASSIGN(made->decoding_, coding::Decoding::make(codings, bounds));
  return made;
}

Result<MessageSearch::Outcome> MessageSearch::search(Bytes piece, bool end) {
  Outcome out;
  if (given_up_) return out;
  if (auto looked = look(piece, end, out); !looked) {
    if (looked.error().fault != Fault::blocked_by_policy) return std::move(looked).error();
    given_up_ = true;
    out.unsearched = std::move(looked).error();
  }
  return out;
}

Result<> MessageSearch::look(Bytes piece, bool end, Outcome& out) {
  Look looks{*stream_, out.rule};
  if (decoding_ != nullptr) {
    LOUVER_TRY(decoding_->decode(piece, looks));
    if (end) LOUVER_TRY(decoding_->end());
  } else {
    LOUVER_TRY(looks.take(piece));
  }
  return end ? looks.end() : Result<>{};
}

}  // namespace louver::filter::scan
