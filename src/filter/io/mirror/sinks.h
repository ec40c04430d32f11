#pragma once

#include <algorithm>
#include <vector>

#include "filter/io/mirror/sink.h"

namespace louver::filter::mirror {

/// To every sink what each takes.
class Sinks final : public Sink {
 public:
  void add(std::shared_ptr<Sink> sink) { all_.push_back(std::move(sink)); }
  bool wants() const override {
    return std::ranges::any_of(all_, [](const auto& one) { return one->wants(); });
  }
  std::uint64_t arrivals() const override {
    std::uint64_t sum = 0;
    for (const auto& one : all_) sum += one->arrivals();
    return sum;
  }
  void offer(Copied copied) override {
    for (const auto& one : all_) {
      if (one->wants()) one->offer(copied);
    }
  }

 private:
  std::vector<std::shared_ptr<Sink>> all_;
};

}  // namespace louver::filter::mirror
