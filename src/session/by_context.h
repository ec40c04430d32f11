#pragma once

#include <vector>

#include "session/terms.h"

namespace louver::session {

/// A value for each context of an association, found by its id without a search. It takes room up to the highest id
/// that the terms have, not for all that there may be: sessions are many and have few contexts.
template <class T>
class ByContext {
 public:
  explicit ByContext(const Terms& terms)
      : values_(terms.contexts().empty() ? 0 : std::size_t{raw(terms.contexts().back().id)} + 1) {}

  /// Of a context of the terms.
  T& operator[](ContextId id) { return values_[raw(id)]; }
  const T& operator[](ContextId id) const { return values_[raw(id)]; }
  /// Of any id, such as one that a peer has sent: null if the terms have none so high.
  const T* find(ContextId id) const { return raw(id) < values_.size() ? &values_[raw(id)] : nullptr; }

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::vector<T> values_;
};

}  // namespace louver::session
