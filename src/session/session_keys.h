#pragma once

#include <optional>

#include "crypto/aead.h"
#include "session/agreement.h"

namespace louver::session {

/// Where the counters of a session turn or end. Tests lower them; both sides of a session need the same.
struct CounterLimits {
  unsigned epoch_shift = limits::epoch_shift;         // records of an epoch, as a power of two
  std::uint64_t sequence_end = limits::sequence_end;  // the number that no counter gets to use
};

/// Makes the keys of one session from what this party holds of the association; keeps neither table nor association
/// alive.
class KeySource {
 public:
  KeySource(const Agreement& agreement, SessionNumber session, CounterLimits counters = {})
      : agreement_(&agreement), session_(session), counters_(counters) {}
  /// The same keys with other limits.
  KeySource with(CounterLimits counters) const { return {*agreement_, session_, counters}; }

  const Terms& terms() const { return agreement_->terms; }
  const PathPlan& plan() const { return agreement_->plan; }
  PartyIndex self() const { return agreement_->self; }
  SessionNumber session() const { return session_; }
  unsigned epoch_shift() const { return counters_.epoch_shift; }
  std::uint64_t sequence_end() const { return counters_.sequence_end; }

  /// The session's secret of that item. Asking for one that this party does not hold is a fault of ours.
  Result<SessionSecret> secret(const wire::ItemName& name) const;
  Result<crypto::Aead> aead(const wire::ItemName& name, crypto::Aead::Use use) const;

 private:
  const Agreement* agreement_;
  SessionNumber session_;
  CounterLimits counters_;
};

/// A read key that moves with the epoch of the sequence: epoch = seq >> 22. docs/protocol.md §6 "Epochs"
class EpochKey {
 public:
  EpochKey(const crypto::Suite& suite, crypto::Aead::Use use, SessionSecret secret, unsigned shift);
  /// The key for `seq`. Sequences of one context only rise, so older secrets are gone.
  const crypto::Aead& at(std::uint64_t seq);
  void rest() { key_.rest(); }

 private:
  const crypto::Suite* suite_;
  crypto::Aead::Use use_;
  SessionSecret secret_;
  unsigned shift_;
  std::uint64_t epoch_ = 0;
  crypto::Aead key_;
};

/// One side of a hop in one direction: counts its frames and checks or stamps their hop tags. docs/protocol.md §6 "hop
/// tag"
class Hop {
 public:
  Hop(crypto::Aead key, std::uint64_t sequence_end) : key_(std::move(key)), end_(sequence_end) {}
  /// @fault hop_tag (bad_hop), sequence_exhausted
  Result<> check(std::initializer_list<Bytes> covered, Bytes tag);
  Result<> stamp(std::initializer_list<Bytes> covered, MutableBytes tag);
  void rest() { key_.rest(); }

 private:
  Result<crypto::Sequence> next();
  crypto::Aead key_;
  std::uint64_t end_;
  std::uint64_t seq_ = 0;
};

}  // namespace louver::session
