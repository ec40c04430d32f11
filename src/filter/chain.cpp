#include "filter/chain.h"

#include <algorithm>

namespace louver::filter {

/// One part's way through a pipeline, with all that its filters make of it.
class Chain::Passage {
 public:
  Passage(Pipeline& pipeline, const session::Part& part, session::PartSink* out)
      : pipeline_(pipeline), part_(part), out_(out) {}

  Result<Verdict> go() {
    LOUVER_TRY(feed(0, part_, true));
    return outcome();
  }

  /// Goes on where filters have been waiting for an answer: the last first, so that what it kept from those before it
  /// goes on in order.
  Result<Verdict> go_on() {
    for (std::size_t place = pipeline_.stages.size(); place-- > 0;) LOUVER_TRY(take_answer(place));
    return outcome();
  }

 private:
  Verdict outcome() const {
    if (std::ranges::any_of(pipeline_.stages, &Stage::asking)) return Verdict::later;
    if (passes_) return Verdict::pass;
    if (redacts_) return Verdict::redact;
    return std::ranges::any_of(pipeline_.stages, &Stage::holding) ? Verdict::hold : Verdict::replaced;
  }

  /// What a stage emits becomes a part for the next.
  class Onward final : public Emitter {
   public:
    Onward(Passage& passage, std::size_t place) : passage_(passage), place_(place) {}
    Result<> emit(Bytes bytes, bool end) override {
      if (bytes.empty() && !end) return {};
      const session::Part& shown = passage_.part_;
      return passage_.feed(place_, {shown.context, shown.direction, shown.exchange, bytes, end}, false);
    }

   private:
    Passage& passage_;
    std::size_t place_;
  };

  /// @param original  what arrived, untouched: if it gets to the end, the engine passes it on without a copy
  Result<> feed(std::size_t place, const session::Part& part, bool original) {
    if (place == pipeline_.stages.size()) return arrive(part, original);
    Stage& stage = pipeline_.stages[place];
    if (stage.asking()) return stage.queue(part, original);
    Onward onward{*this, place + 1};
    LOUVER_ASSIGN(const Verdict verdict, stage.show(part, pipeline_.name, onward));
    if (verdict == Verdict::later) {
      stage.keep({part, original});
      return {};
    }
    return settle(place, part, original, verdict);
  }

  Result<> take_answer(std::size_t place) {
    Stage& stage = pipeline_.stages[place];
    if (!stage.asking()) return {};
    KeptPart kept = stage.take_asked();
    Onward onward{*this, place + 1};
    LOUVER_ASSIGN(const Verdict verdict, stage.answer(kept.view(), pipeline_.name, onward));
    if (verdict == Verdict::later) {
      stage.keep(std::move(kept));
      return {};
    }
    LOUVER_TRY(settle(place, kept.view(), kept.original, verdict));
    while (!stage.asking()) {
      const std::optional<KeptPart> next = stage.take_queued();
      if (!next) break;
      LOUVER_TRY(feed(place, next->view(), next->original));
    }
    return {};
  }

  Result<> settle(std::size_t place, const session::Part& part, bool original, Verdict verdict) {
    switch (verdict) {
      case Verdict::pass:
        return feed(place + 1, part, original);
      case Verdict::redact:
        return feed(place + 1, tombstone(part), false);
      case Verdict::replaced:
      case Verdict::hold:
      case Verdict::later:
        break;
    }
    return {};
  }

  static session::Part tombstone(const session::Part& part) {
    session::Part out = part;
    out.redacted_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(part.bytes.size(), UINT32_MAX));
    out.bytes = {};
    out.redacted = true;
    return out;
  }

  Result<> arrive(session::Part part, bool original) {
    if (original) {
      passes_ = true;
      return {};
    }
    if (pipeline_.grant != Grant::write) {  // stages without the right to write emit nothing: this is a tombstone
      redacts_ = true;
      return {};
    }
    if (!part.redacted) return out_->on_part(part);
    // A writer has no tombstones, it is the author of all that goes on: the engine does the same with those that pass.
    const Buffer filler(part.redacted_bytes, std::byte{'x'});
    part.bytes = filler;
    part.redacted = false;
    part.redacted_bytes = 0;
    return out_->on_part(part);
  }

  Pipeline& pipeline_;
  const session::Part& part_;
  session::PartSink* out_;
  bool passes_ = false;
  bool redacts_ = false;
};

Result<std::unique_ptr<Chain>> Chain::make(const Factories& factories, SessionInfo session, std::size_t held_most) {
  std::unique_ptr<Chain> chain{new Chain{std::move(session)}};
  LOUVER_TRY(chain->load(factories, held_most));
  return chain;
}

Result<> Chain::load(const Factories& factories, std::size_t held_most) {
  std::vector<Need> used;
  for (const auto& factory : factories) {
    const std::vector<Need> needs = factory->needs(session_);
    const std::vector<MissingGrant> missing = missing_grants(factory->name(), needs, session_);
    missing_.insert(missing_.end(), missing.begin(), missing.end());
    if (!missing.empty() || needs.empty()) continue;
    LOUVER_ASSIGN(std::unique_ptr<Filter> filter, factory->make(session_));
    add_stages(*filter, factory->name(), needs, held_most);
    filters_.push_back(std::move(filter));
    used.insert(used.end(), needs.begin(), needs.end());
  }
  for (Pipeline& pipeline : pipelines_) {
    if (pipeline.direction == Direction::s2c) std::ranges::reverse(pipeline.stages);
  }
  excess_ = excess_grants(used, session_);
  return {};
}

void Chain::add_stages(Filter& filter, std::string_view name, std::span<const Need> needs, std::size_t held_most) {
  for (const Need& need : needs) {
    Pipeline& pipeline = pipeline_for(*session_.terms->find_context(need.context), need.direction);
    pipeline.stages.emplace_back(filter, name, need.least, held_most);
  }
}

Chain::Pipeline& Chain::pipeline_for(const session::ContextInfo& context, Direction direction) {
  std::uint16_t& place = pipeline_of_[slot(direction)][raw(context.id)];
  if (place == 0) {
    pipelines_.push_back({context.id, context.name, direction, session_.grant(context.id, direction), {}});
    place = static_cast<std::uint16_t>(pipelines_.size());
  }
  return pipelines_[place - 1U];
}

Result<Verdict> Chain::on_part(const session::Part& part, Grant grant, session::PartSink* emit) {
  LOUVER_ASSIGN(Pipeline* const pipeline, find_pipeline(part, grant, emit));
  return pipeline == nullptr ? Verdict::pass : Passage{*pipeline, part, emit}.go();
}

Result<Verdict> Chain::on_answer(const session::Part& part, Grant grant, session::PartSink* emit) {
  LOUVER_ASSIGN(Pipeline* const pipeline, find_pipeline(part, grant, emit));
  return pipeline == nullptr ? Verdict::pass : Passage{*pipeline, part, emit}.go_on();
}

Result<Chain::Pipeline*> Chain::find_pipeline(const session::Part& part, Grant grant, session::PartSink* emit) {
  const std::uint16_t place = pipeline_of_[slot(part.direction)][raw(part.context)];
  if (place == 0) return static_cast<Pipeline*>(nullptr);
  Pipeline& pipeline = pipelines_[place - 1U];
  if (grant != pipeline.grant || (grant == Grant::write) != (emit != nullptr)) {
    return Error{Fault::internal_error,
                 "the session and its filters have different views of the grant on " + pipeline.name};
  }
  return &pipeline;
}

void Chain::on_session_end() {
  for (const auto& filter : filters_) filter->on_session_end();
}

}  // namespace louver::filter
