#pragma once

#include <array>

#include "base/limits.h"
#include "filter/needs.h"
#include "filter/stage.h"

namespace louver::filter {

/// The filters of a middlebox in one session, one behind the other: what comes from the client meets them in the order
/// of the configuration, what comes from the server in the reverse order. Each takes in what the one before it put out.
///
/// A filter sees the contexts of its needs and no others. One that lacks a grant is left out as a whole, and missing()
/// says so; whether the session then goes on is for the policy to say, before the first octet (SECURITY FI-13).
class Chain final : public session::RelayHandler {
 public:
  /// @param factories  their names outlive the chain
  /// @param session    its terms outlive the chain
  /// @param held_most  octets that one filter may keep back in one context and direction without putting anything out
  /// @fault what a factory returned
  static Result<std::unique_ptr<Chain>> make(const Factories& factories, SessionInfo session,
                                             std::size_t held_most = limits::held_bytes);
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  /// @fault filter_failed  a filter went beyond its need or broke the shape of a message; the detail names it
  /// @fault whatever a filter returned
  Result<Verdict> on_part(const session::Part& part, Grant grant, session::PartSink* emit) override;
  Result<Verdict> on_answer(const session::Part& part, Grant grant, session::PartSink* emit) override;

  /// To be called once, when no part will come any more.
  void on_session_end();

  /// Why filters were left out. Empty: all of them act.
  const std::vector<MissingGrant>& missing() const { return missing_; }
  /// Grants of this session that its filters have no use for.
  const std::vector<ExcessGrant>& excess() const { return excess_; }
  std::size_t filters() const { return filters_.size(); }

 private:
  struct Pipeline {
    ContextId context;
    std::string name;
    Direction direction;
    Grant grant;
    std::vector<Stage> stages;  // in the order in which a part meets them
  };
  class Passage;
  /// Null where no filter sees the part.
  Result<Pipeline*> find_pipeline(const session::Part& part, Grant grant, session::PartSink* emit);

  explicit Chain(SessionInfo session) : session_(std::move(session)) {}
  Result<> load(const Factories& factories, std::size_t held_most);
  void add_stages(Filter& filter, std::string_view name, std::span<const Need> needs, std::size_t held_most);
  Pipeline& pipeline_for(const session::ContextInfo& context, Direction direction);

  SessionInfo session_;  // filters refer to it
  std::vector<std::unique_ptr<Filter>> filters_;
  std::vector<Pipeline> pipelines_;
  std::array<std::array<std::uint16_t, 256>, 2>
      pipeline_of_{};  // direction, context -> 1 + index in pipelines_; 0: no filter
  std::vector<MissingGrant> missing_;
  std::vector<ExcessGrant> excess_;
};

}  // namespace louver::filter
