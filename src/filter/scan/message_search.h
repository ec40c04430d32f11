#pragma once

#include "filter/coding/decoding.h"
#include "filter/scan/patterns.h"

namespace louver::filter::scan {

/// One message that is searched as it comes: as it is, or what its content codings decode to.
class MessageSearch {
 public:
  /// @param patterns  outlive this
  /// @param codings   of the content, none if it is searched as it is
  /// @fault filter_failed
  static Result<std::unique_ptr<MessageSearch>> make(const Patterns& patterns, std::span<const coding::Coding> codings,
                                                     const coding::Bounds& bounds);

  struct Outcome {
    std::optional<std::size_t> rule = {};  // of a match that the piece decided
    std::optional<Error> unsearched = {};  // from here on nothing can be searched; said once
  };
  /// @fault filter_failed
  Result<Outcome> search(Bytes piece, bool end);
  /// It is searched as what its codings decode to.
  bool is_coded() const { return coded_; }

 private:
  class Look;
  explicit MessageSearch(bool coded) : coded_(coded) {}
  Result<> look(Bytes piece, bool end, Outcome& out);

  bool coded_;
  bool given_up_ = false;
  std::unique_ptr<Patterns::Stream> stream_;
  std::unique_ptr<coding::Decoding> decoding_;  // null where nothing is coded
};

}  // namespace louver::filter::scan
