#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/timer.h"
#include "session/association_record.h"

namespace louver::role {

/// Waits, for a moment, for the authenticated word of the middlebox that is said to have stopped a session: its Blocked
/// comes on the association's connection, the ALERT that ended the session on another. docs/protocol.md §10
class VerdictWait {
 public:
  static constexpr std::chrono::milliseconds longest{1000};

  /// @param done  called once, on `loop`, not before the constructor has returned and not after the wait is gone
  VerdictWait(runtime::Loop& loop, std::shared_ptr<session::AssociationRecord> record, SessionNumber number,
              std::function<void(std::optional<session::BlockedNote>)> done)
      : state_(std::make_shared<State>(loop, std::move(record), number, std::move(done))) {
    const auto look = [weak = std::weak_ptr<State>{state_}] {
      if (const auto state = weak.lock()) state->look();
    };
    watch_ = state_->record->watch([handle = loop.handle(), look] { handle.post(look); });
    loop.post(look);
    state_->timer.expires_at(runtime::now() + longest, [state = state_.get()] { state->tell(std::nullopt); });
  }

 private:
  struct State {
    State(runtime::Loop& loop, std::shared_ptr<session::AssociationRecord> r, SessionNumber n,
          std::function<void(std::optional<session::BlockedNote>)> d)
        : record(std::move(r)), number(n), done(std::move(d)), timer(loop) {}
    void look() {
      if (auto note = record->blocked(number)) tell(std::move(note));
    }
    void tell(std::optional<session::BlockedNote> note) {
      timer.cancel();
      if (const auto once = std::exchange(done, nullptr)) once(std::move(note));
    }
    std::shared_ptr<session::AssociationRecord> record;
    SessionNumber number;
    std::function<void(std::optional<session::BlockedNote>)> done;
    runtime::Timer timer;
  };
  std::shared_ptr<State> state_;
  session::AssociationRecord::Watch watch_;
};

}  // namespace louver::role
