#pragma once

#include <hs.h>

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"

namespace louver::filter::scan {

/// The room that Vectorscan works in while it searches: one for each thread that searches at this moment, kept for the
/// next one.
class ScratchPool {
 public:
  struct Free {
    void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
  };
  using Scratch = std::unique_ptr<hs_scratch_t, Free>;

  /// @param prototype  not null
  explicit ScratchPool(Scratch prototype) : prototype_(std::move(prototype)) {}

  /// @fault filter_failed  no memory
  Result<Scratch> borrow() {
    const std::lock_guard lock{mutex_};
    if (!idle_.empty()) {
      Scratch out = std::move(idle_.back());
      idle_.pop_back();
      return out;
    }
    hs_scratch_t* made = nullptr;
    if (hs_clone_scratch(prototype_.get(), &made) != HS_SUCCESS)
      return Error{Fault::filter_failed, "no memory to search in"};
    return Scratch{made};
  }
  void give_back(Scratch scratch) {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  Scratch prototype_;
  std::vector<Scratch> idle_;
};

}  // namespace louver::filter::scan
