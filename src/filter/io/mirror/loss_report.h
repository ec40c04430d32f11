#pragma once

#include <string>
#include <utility>

#include "base/time.h"
#include "filter/io/mirror/sink.h"
#include "runtime/clock.h"

namespace louver::filter::mirror {

/// Counts packets that are missing in a copy, and says so now and then.
class LossReport {
 public:
  /// @param where      "in mirror.pcapng"
  /// @param otherwise  why, if nobody says anything else
  LossReport(std::string where, std::string otherwise, Tell tell)
      : where_(std::move(where)), otherwise_(std::move(otherwise)), tell_(std::move(tell)) {}
  LossReport(const LossReport&) = delete;
  LossReport& operator=(const LossReport&) = delete;
  /// What was not told yet is told.
  ~LossReport() { say(true); }

  void add(std::uint64_t packets) {
    lost_ += packets;
    say(false);
  }
  void add(std::uint64_t packets, std::string why) {
    why_ = std::move(why);
    add(packets);
  }
  /// Tells what has not been told yet, if it is time.
  void remind() { say(false); }

 private:
  static constexpr Duration quiet = std::chrono::seconds{10};

  void say(bool now) {
    if (lost_ == 0 || !tell_ || (!now && runtime::now() < told_at_ + quiet)) return;
    tell_(std::to_string(lost_) + " packets are missing " + where_ + ": " + (why_.empty() ? otherwise_ : why_));
    lost_ = 0;
    why_.clear();
    told_at_ = runtime::now();
  }

  const std::string where_, otherwise_;
  const Tell tell_;
  std::uint64_t lost_ = 0;
  std::string why_;
  TimePoint told_at_ = TimePoint{} - quiet;
};

}  // namespace louver::filter::mirror
