#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "filter/filter.h"

namespace louver::filter {

/// A part whose octets are kept here.
struct KeptPart {
  KeptPart(const session::Part& from, bool is_original)
      : octets(to_buffer(from.bytes)), part(from), original(is_original) {}
  /// The part as it would be shown; lives as long as this.
  session::Part view() const {
    session::Part out = part;
    out.bytes = octets;
    return out;
  }
  Buffer octets;
  session::Part part;  // but for its bytes
  bool original;       // what arrived, untouched
};

/// One filter's place in the pipeline of one context and direction: shows it parts, and holds it to its right and to
/// the shape of messages (SECURITY FI-06). While the filter asks its engine, what comes next is kept here.
class Stage {
 public:
  /// @param filter     outlives the stage
  /// @param name       of its kind, for details of faults; lives as long as the program's factories
  /// @param held_most  octets that it may take in, while it holds, without putting anything out
  Stage(Filter& filter, std::string_view name, Grant right, std::size_t held_most)
      : filter_(&filter), name_(name), right_(right), held_most_(held_most) {}

  /// The filter's answer to a part, `redact` only where there is something to redact. What it emits goes to `next`.
  /// @fault filter_failed, limit_exceeded, or what the filter or `next` returned
  Result<Verdict> show(const session::Part& part, std::string_view context_name, Emitter& next) {
    return ask(&Filter::on_part, part, context_name, next);
  }
  /// The same for a part that it said `later` to.
  Result<Verdict> answer(const session::Part& part, std::string_view context_name, Emitter& next) {
    return ask(&Filter::on_answer, part, context_name, next);
  }

  /// The filter has said `later`: nothing may be shown to it.
  bool asking() const { return asked_ != nullptr; }
  void keep(KeptPart part) { asked_ = std::make_unique<KeptPart>(std::move(part)); }
  /// What it said `later` to; then it no longer asks.
  KeptPart take_asked() { return std::move(*std::exchange(asked_, nullptr)); }
  /// Behind what it is asking about; octets that follow each other become one part.
  /// @fault limit_exceeded
  Result<> queue(const session::Part& part, bool original);
  /// The oldest of what came meanwhile.
  std::optional<KeptPart> take_queued();

  /// The filter keeps something back.
  bool holding() const { return holding_; }
  Grant right() const { return right_; }

 private:
  class Gate;
  using Question = Result<Verdict> (Filter::*)(const FilterPart&, Emitter&);
  Result<Verdict> ask(Question question, const session::Part& part, std::string_view context_name, Emitter& next);
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
  std::unique_ptr<KeptPart> asked_;
  std::unique_ptr<std::deque<KeptPart>> queued_;  // null until needed: most filters never ask
  std::size_t queued_octets_ = 0;
};

}  // namespace louver::filter
