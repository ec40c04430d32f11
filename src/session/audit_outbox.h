#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "session/audit_digest.h"

namespace louver::session {

/// What a session tells its association about its audit.
struct AuditNote {
  SessionNumber session{};
  std::vector<wire::Audit> values;
  bool ended = false;
  bool whole = false;  // with `ended`: both directions have ended in order
};

/// From the sessions of an association, on whatever thread, to the association on its own. Bounded: values beyond
/// limits::audit_queue are left out and counted, never waited for.
class AuditOutbox {
 public:
  void put(AuditNote note) {
    std::function<void()> wake;
    {
      const std::lock_guard lock{mutex_};
      if (waiting_ + note.values.size() > limits::audit_queue) {
        lost_ += note.values.size();
        note.values.clear();
      }
      waiting_ += note.values.size();
      if (notes_.empty()) wake = wake_;
      notes_.push_back(std::move(note));
    }
    if (wake) wake();
  }
  struct Taken {
    std::deque<AuditNote> notes;
    std::uint64_t lost = 0;
  };
  Taken take() {
    const std::lock_guard lock{mutex_};
    waiting_ = 0;
    return {std::exchange(notes_, {}), std::exchange(lost_, 0)};
  }
  /// Called from any thread, without the lock, when something has come into an empty box.
  void on_note(std::function<void()> wake) {
    const std::lock_guard lock{mutex_};
    wake_ = std::move(wake);
  }

 private:
  std::mutex mutex_;
  std::deque<AuditNote> notes_;
  std::size_t waiting_ = 0;
  std::uint64_t lost_ = 0;
  std::function<void()> wake_;
};

}  // namespace louver::session
