#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"

namespace louver::runtime {

/// So many connections in all, and so many of each holder, at a time. From any thread.
template <class Holder>
class Shares {
 public:
  Shares(std::size_t most_in_all, std::size_t most_of_each)
      : counts_(std::make_shared<Counts>(most_in_all, most_of_each)) {}

  /// Counts one until the returned token is dropped, on whatever thread, also when the shares are gone.
  /// @param whose  gives the words for the detail: "of ..."
  /// @fault limit_exceeded  says which limit
  template <class Words>
  Result<std::shared_ptr<void>> take(const Holder& holder, const Words& whose) {
    const std::scoped_lock lock{counts_->mutex};
    if (counts_->in_all >= counts_->most_in_all) return too_many(counts_->most_in_all, "in all");
    const auto found = counts_->of.find(holder);
    if ((found == counts_->of.end() ? 0 : found->second) >= counts_->most_of_each)
      return too_many(counts_->most_of_each, whose());
    ++counts_->of[holder];
    ++counts_->in_all;
    return std::shared_ptr<void>{counts_.get(), [counts = counts_, holder](void*) { counts->give_back(holder); }};
  }
  std::size_t in_all() const {
    const std::scoped_lock lock{counts_->mutex};
    return counts_->in_all;
  }

 private:
  struct Counts {
    Counts(std::size_t in_all_at_most, std::size_t of_each_at_most)
        : most_in_all(in_all_at_most), most_of_each(of_each_at_most) {}

    const std::size_t most_in_all;
    const std::size_t most_of_each;
    std::mutex mutex;
    std::size_t in_all = 0;
    std::map<Holder, std::size_t> of;

    void give_back(const Holder& holder) {
      const std::scoped_lock lock{mutex};
      --in_all;
      const auto found = of.find(holder);
      if (--found->second == 0) of.erase(found);
    }
  };
  static Error too_many(std::size_t most, const std::string& which) {
    return {Fault::limit_exceeded, "there are already " + std::to_string(most) + " connections " + which};
  }

  std::shared_ptr<Counts> counts_;
};

}  // namespace louver::runtime
