#include "filter/stage.h"

namespace louver::filter {

/// Between a filter and what comes behind it.
class Stage::Gate final : public Emitter {
 public:
  Gate(Stage& stage, Emitter& next) : stage_(stage), next_(next) {}
  Result<> emit(Bytes bytes, bool end) override {
    LOUVER_TRY(remember(stage_.check_emission(bytes, end)));
    return remember(next_.emit(bytes, end));
  }
  const Result<>& outcome() const { return outcome_; }

 private:
  Result<> remember(Result<> result) {
    if (outcome_) outcome_ = result;
    return result;
  }
  Stage& stage_;
  Emitter& next_;
  Result<> outcome_;  // the first fault, so that a filter that overlooks it does not go on
};

Result<Verdict> Stage::ask(Question question, const session::Part& part, std::string_view context_name, Emitter& next) {
  Gate gate{*this, next};
  const FilterPart shown{part, context_name, right_};
  Result<Verdict> answer = (filter_->*question)(shown, gate);
  if (!gate.outcome()) return gate.outcome().error();
  if (!answer) return Error{answer.error().fault, "filter " + std::string{name_} + ": " + answer.error().detail};
  if (*answer == Verdict::later) return *answer;
  LOUVER_TRY(check_verdict(part, *answer));
  LOUVER_TRY(check_end(part));
  return *answer == Verdict::redact && part.bytes.empty() ? Verdict::pass : *answer;
}

Result<> Stage::queue(const session::Part& part, bool original) {
  queued_octets_ += part.bytes.size();
  if (queued_octets_ > held_most_) {
    return Error{Fault::limit_exceeded, "more than " + std::to_string(held_most_) + " octets wait for filter " +
                                            std::string{name_} + " to answer"};
  }
  if (queued_ == nullptr) queued_ = std::make_unique<std::deque<KeptPart>>();
  const auto goes_on = [](const KeptPart& one) { return !one.part.end && !one.part.redacted && !one.original; };
  if (queued_->empty() || !goes_on(queued_->back()) || part.redacted || original) {
    queued_->emplace_back(part, original);
  } else {
    append(queued_->back().octets, part.bytes);
    queued_->back().part.end = part.end;
  }
  return {};
}

std::optional<KeptPart> Stage::take_queued() {
  if (queued_ == nullptr || queued_->empty()) return std::nullopt;
  std::optional<KeptPart> out{std::move(queued_->front())};
  queued_->pop_front();
  queued_octets_ -= out->octets.size();
  return out;
}

Result<> Stage::check_emission(Bytes bytes, bool end) {
  if (right_ != Grant::write) return failed("it puts something out, but it may not write");
  if (out_ended_) return failed("it puts something out behind the end of its message");
  if (!bytes.empty() || end) held_octets_ = 0;
  out_ended_ = end;
  return {};
}

Result<> Stage::check_verdict(const session::Part& part, Verdict verdict) {
  holding_ = verdict == Verdict::hold;
  if (!holding_) held_octets_ = 0;
  switch (verdict) {
    case Verdict::pass:
      if (out_ended_) return failed("it lets a part pass behind the end of its message");
      out_ended_ = part.end;
      return {};
    case Verdict::replaced:
      if (right_ != Grant::write) return failed("it replaces a part, but it may not write");
      return {};
    case Verdict::hold:
      return check_hold(part);
    case Verdict::redact:
      if (right_ != Grant::redact) return failed("it redacts a part, but it may only " + std::string{name_of(right_)});
      out_ended_ = part.end;
      return {};
    case Verdict::later:
      break;
  }
  return failed("its answer is none of the five");
}

Result<> Stage::check_hold(const session::Part& part) {
  if (right_ != Grant::write) return failed("it holds a part, but it may not write");
  if (part.end) return failed("it holds a message that has ended");
  held_octets_ += part.bytes.size();
  if (held_octets_ <= held_most_) return {};
  return Error{Fault::limit_exceeded,
               "filter " + std::string{name_} + " keeps back more than " + std::to_string(held_most_) + " octets"};
}

Result<> Stage::check_end(const session::Part& part) {
  if (!part.end) return {};
  if (!out_ended_) return failed("a message has ended, what it puts in its place has not");
  out_ended_ = false;
  return {};
}

Error Stage::failed(std::string_view what) const {
  return {Fault::filter_failed, "filter " + std::string{name_} + ": " + std::string{what}};
}

}  // namespace louver::filter
