#pragma once

#include <functional>
#include <memory>

#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/timer.h"
#include "session/association_record.h"

namespace louver::role {

/// Tells a session, on its own loop, when its association ends it: at once, or when a Close's drain time is over.
/// docs/protocol.md §8
class SessionWatch {
 public:
  /// @param over  called at most once; not after the watch is gone
  SessionWatch(runtime::Loop& loop, std::shared_ptr<session::AssociationRecord> record, std::function<void(Error)> over)
      : state_(std::make_shared<State>(loop, std::move(record), std::move(over))) {
    watch_ = state_->record->watch([handle = loop.handle(), weak = std::weak_ptr<State>{state_}] {
      handle.post([weak] {
        if (const auto state = weak.lock()) state->look();
      });
    });
    loop.post([weak = std::weak_ptr<State>{state_}] {  // it may have ended before we watched
      if (const auto state = weak.lock()) state->look();
    });
  }
  const std::shared_ptr<session::AssociationRecord>& record() const { return state_->record; }

 private:
  struct State {
    State(runtime::Loop& loop, std::shared_ptr<session::AssociationRecord> r, std::function<void(Error)> o)
        : record(std::move(r)), over(std::move(o)), timer(loop) {}
    void look() {
      const auto drain = record->drain();
      if (drain.until == TimePoint::max()) return;
      if (drain.until > runtime::now()) {
        timer.expires_at(drain.until, [this] { look(); });
        return;
      }
      if (auto once = std::exchange(over, nullptr)) {
        once(Error{Fault::revoked, "the association ended: " + std::string{name_of(drain.reason)}});
      }
    }
    std::shared_ptr<session::AssociationRecord> record;
    std::function<void(Error)> over;
    runtime::Timer timer;
  };
  std::shared_ptr<State> state_;
  session::AssociationRecord::Watch watch_;
};

}  // namespace louver::role
