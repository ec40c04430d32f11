#pragma once

#include <memory>
#include <mutex>

#include "session/association_record.h"

namespace louver::role {

/// Something that all threads read and that is replaced as a whole: whoever got the old one keeps it whole.
template <class T>
class Current {
 public:
  explicit Current(std::shared_ptr<T> first) : value_(std::move(first)) {}
  std::shared_ptr<T> get() const {
    const std::lock_guard lock{mutex_};
    return value_;
  }
  void set(std::shared_ptr<T> next) {
    const std::lock_guard lock{mutex_};
    value_.swap(next);  // the old one goes after the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;
};

/// Holds an association against the rules of now and notes that in it.
/// @fault revoked: it does not fit them
template <class Rules>
Result<> check_against(const Rules& rules, const session::AssociationRecord& record) {
  LOUVER_TRY(rules.allows(record));
  record.set_edition(rules.edition());
  return {};
}

}  // namespace louver::role
