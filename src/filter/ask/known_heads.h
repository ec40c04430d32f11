#pragma once

#include <deque>
#include <memory>
#include <string>

#include "filter/filter.h"
#include "filter/http/head.h"

namespace louver::filter::ask {

/// The heads of a session's latest exchanges, for those who ask about bodies. What is too much is forgotten: a head
/// that is not known is not told.
class KnownHeads {
 public:
  static constexpr std::size_t exchanges_most = 64;
  static constexpr std::size_t octets_most = std::size_t{1} << 20;

  /// A piece of a head; of interim responses and the final one the last counts.
  void add(http::HeadKind kind, const FilterPart& part);
  /// Null if it is not known, or not whole.
  std::shared_ptr<const std::string> find(http::HeadKind kind, Exchange exchange) const;

 private:
  struct Known {
    http::HeadKind kind;
    Exchange exchange;
    std::string open;  // of a head that has not ended
    std::shared_ptr<const std::string> whole;
  };
  void shrink();

  std::deque<Known> known_;  // the oldest first
};

}  // namespace louver::filter::ask
