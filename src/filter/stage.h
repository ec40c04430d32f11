#pragma once

#include "filter/filter.h"

namespace louver::filter {

/// One filter's place in the pipeline of one context and direction: shows it parts, and holds it to its right and to
/// the shape of messages (SECURITY FI-06).
class Stage {
 public:
  /// @param filter     outlives the stage
  /// @param name       of its kind, for details of faults; lives as long as the program's factories
  /// @param held_most  octets that it may take in, while it holds, without putting anything out
  Stage(Filter& filter, std::string_view name, Grant right, std::size_t held_most)
      : filter_(&filter), name_(name), right_(right), held_most_(held_most) {}

  /// The filter's answer to a part, `redact` only where there is something to redact. What it emits goes to `next`.
  /// @fault filter_failed, limit_exceeded, or what the filter or `next` returned
  Result<Verdict> show(const session::Part& part, std::string_view context_name, Emitter& next);

  /// The filter keeps something back.
  bool holding() const { return holding_; }
  Grant right() const { return right_; }

 private:
  class Gate;
  Result<> check_emission(Bytes bytes, bool end);
  Result<> check_verdict(const session::Part& part, Verdict verdict);
  Result<> check_hold(const session::Part& part);
  Result<> check_end(const session::Part& part);
  Error failed(std::string_view what) const;

  Filter* filter_;
  std::string_view name_;
  Grant right_;
  std::size_t held_most_;
  bool holding_ = false;
  bool out_ended_ = false;       // what goes on in place of the message shown has ended
  std::size_t held_octets_ = 0;  // taken in since the filter last put something out or kept nothing back
};

}  // namespace louver::filter
