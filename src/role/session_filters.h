#pragma once

#include <memory>
#include <optional>

#include "filter/chain.h"
#include "wire/messages.h"

namespace louver::role {

/// The filters of one session at a middlebox: remembers the part at which they ended it, and tells them its end.
class SessionFilters final : public session::RelayHandler {
 public:
  explicit SessionFilters(std::unique_ptr<filter::Chain> chain) : chain_(std::move(chain)) {}
  ~SessionFilters() override { chain_->on_session_end(); }

  Result<session::Verdict> on_part(const session::Part& part, session::Grant grant, session::PartSink* emit) override {
    auto verdict = chain_->on_part(part, grant, emit);
    if (!verdict) stop(part, verdict.error());
    return verdict;
  }
  Result<session::Verdict> on_answer(const session::Part& part, session::Grant grant,
                                     session::PartSink* emit) override {
    auto verdict = chain_->on_answer(part, grant, emit);
    if (!verdict) stop(part, verdict.error());
    return verdict;
  }

  /// What both ends are told, but for the session's number; nothing if no filter ended the session.
  const std::optional<wire::Blocked>& blocked() const { return blocked_; }

 private:
  /// The details of filters hold no content (filter/filter.h), so they may be told to both ends.
  void stop(const session::Part& part, const Error& error) {
    if (alert_for(error.fault) != Alert::blocked_by_policy) return;
    wire::Blocked blocked;
    blocked.exchange = raw(part.exchange);
    blocked.context = raw(part.context);
    blocked.reason = wire::Opaque<0, 255>{printable(error.detail, 255)};
    blocked_ = std::move(blocked);
  }

  std::unique_ptr<filter::Chain> chain_;
  std::optional<wire::Blocked> blocked_;
};

}  // namespace louver::role
