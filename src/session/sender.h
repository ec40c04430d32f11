#pragma once

#include <map>
#include <memory>

#include "session/audit_digest.h"
#include "session/by_context.h"
#include "session/exchanges.h"
#include "session/output.h"
#include "session/part.h"
#include "session/profile_traits.h"
#include "session/sealer.h"

namespace louver::session {

/// What one party puts on a hop in one direction: the records that it authors, and the hop tags of all that goes out.
class Sender {
 public:
  static Result<Sender> make(const KeySource& keys, Direction direction, const ProfileTraits& profile);

  bool is_author(ContextId context) const { return authored(context) != nullptr; }
  /// The values of what is authored here in audited contexts go to `book`, which outlives this.
  /// @param echoes  at a middlebox: what its receiver notes, by context
  Result<> audit(const KeySource& keys, AuditBook& book, std::map<ContextId, AuditEcho>* echoes);

  /// Seals a part, cut into records of at most max_record, and ends its message if the part does.
  /// @fault record_exchange, record_after_fin: the caller's mistake, nothing has gone out
  Result<> send(const Part& part, Outbound& out);
  /// "An author ends all its flows of a direction together, after its last record in it, in ascending order."
  /// A message that is still open stays incomplete: the FIN says so, it does not end it.
  Result<> finish(Outbound& out);
  bool finished() const { return finished_; }
  bool message_open() const;
  /// The highest exchange of which every context authored here has ended its message.
  std::uint32_t complete_exchanges() const;

  /// Stamps a record that passes and puts it out where it lies.
  Result<> pass(const DataView& record, Outbound& out);
  Result<> pass(const RedactedView& record, Outbound& out);
  /// The same for a record that `out` owns already.
  Result<> stamp(const DataView& record);
  Result<> stamp(const RedactedView& record);
  /// Nothing has moved for a while: see crypto::Aead::rest.
  void rest();

 private:
  struct Authored {
    Sealer sealer;
    ExchangeRule rule;
    std::size_t flow;
    std::uint16_t pad_to;
    std::unique_ptr<AuditDigest> audit = nullptr;  // null where nothing is audited
  };
  /// Null where another party is the author.
  Authored* authored(ContextId context) const {
    const auto* one = sealers_.find(context);
    return one == nullptr ? nullptr : one->get();
  }
  Sender(const KeySource& keys, Direction direction, crypto::Aead hop);
  Result<> load(const KeySource& keys, const ProfileTraits& profile);
  Result<> emit(Authored& to, std::uint8_t flags, Exchange exchange, Bytes content, std::size_t padding, Outbound& out);
  std::size_t padding_for(const Authored& to, std::size_t content, bool end) const;

  const Terms* terms_;
  const PathPlan* plan_;
  PartyIndex self_;
  Direction direction_;
  std::size_t hop_rank_;
  std::uint64_t sequence_end_;
  Hop hop_;
  std::vector<std::uint64_t> next_seq_;  // by flow of the plan
  ByContext<std::unique_ptr<Authored>> sealers_;
  bool finished_ = false;
};

}  // namespace louver::session
