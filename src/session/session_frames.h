#pragma once

#include <optional>

#include "session/path_plan.h"
#include "wire/join.h"

namespace louver::session {

/// An ALERT frame as received: unauthenticated, it only ends the session.
struct ReceivedAlert {
  std::uint8_t party;
  std::uint8_t code;
};

/// Walks the whole frames at the front of `input` as long as `goes_on()`; `on_record(FrameView)` takes DATA and
/// REDACTED.
/// @return octets consumed: what comes behind, and a partial frame, stays with the caller
/// @fault peer_alert (kept in `alert`), unexpected_frame, limit_exceeded, whatever on_record returns
template <class OnRecord, class GoesOn>
Result<std::size_t> for_each_record(MutableBytes input, const PathPlan& plan, std::optional<ReceivedAlert>& alert,
                                    OnRecord&& on_record, GoesOn&& goes_on) {
  const std::size_t longest = std::max<std::size_t>(plan.longest_record(), 1 + 256);
  std::size_t consumed = 0;
  while (goes_on()) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(input.subspan(consumed), longest));
    if (!frame) return consumed;
    consumed += frame->whole.size();
    if (frame->header.type == wire::FrameType::alert) {
      LOUVER_ASSIGN(const wire::AlertBody body, wire::decode_alert(frame->body()));
      alert = ReceivedAlert{frame->header.id, body.code};
      return Error{Fault::peer_alert, "party " + std::to_string(frame->header.id) + " is said to report " +
                                          std::string{louver::name_of(static_cast<Alert>(body.code))}};
    }
    if (frame->header.type != wire::FrameType::data && frame->header.type != wire::FrameType::redacted) {
      return Error{Fault::unexpected_frame, std::string{wire::name_of(frame->header.type)} + " in a session"};
    }
    LOUVER_TRY(on_record(*frame));
  }
  return consumed;
}

template <class OnRecord>
Result<std::size_t> for_each_record(MutableBytes input, const PathPlan& plan, std::optional<ReceivedAlert>& alert,
                                    OnRecord&& on_record) {
  return for_each_record(input, plan, alert, std::forward<OnRecord>(on_record), [] { return true; });
}

}  // namespace louver::session
