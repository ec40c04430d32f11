#pragma once

#include <map>
#include <memory>
#include <variant>

#include "session/audit_digest.h"
#include "session/by_context.h"
#include "session/exchanges.h"
#include "session/opener.h"
#include "session/part.h"
#include "session/profile_traits.h"

namespace louver::session {

/// A record whose hop tag, layout, flow and end rules have been checked and which has its sequence. Only a Receiver
/// makes one.
class AcceptedRecord {
 public:
  const std::variant<DataView, RedactedView>& view() const { return view_; }
  const DataView* data() const { return std::get_if<DataView>(&view_); }
  const RedactedView* redacted() const { return std::get_if<RedactedView>(&view_); }
  ContextId context() const { return segment_->context; }
  Exchange exchange() const { return data() != nullptr ? data()->exchange : redacted()->exchange; }
  std::uint64_t seq() const { return seq_; }
  bool fin() const { return data() != nullptr && data()->fin(); }
  MutableBytes whole() const { return data() != nullptr ? data()->whole : redacted()->whole; }
  const Segment& segment() const { return *segment_; }

 private:
  friend class Receiver;
  AcceptedRecord(std::variant<DataView, RedactedView> view, std::uint64_t seq, const Segment* segment)
      : view_(view), seq_(seq), segment_(segment) {}
  std::variant<DataView, RedactedView> view_;
  std::uint64_t seq_;
  const Segment* segment_;
};

/// Everything that one party checks on the records that come to it in one direction. docs/protocol.md §6
///
/// accept() for every record, in order of arrival; then open() for those that this party may open, in the order of each
/// context.
class Receiver {
 public:
  static Result<Receiver> make(const KeySource& keys, Direction direction, const ProfileTraits& profile,
                               ExchangeLedger& ledger);

  /// The values of what is sunk here in audited contexts go to `book`, which outlives this.
  /// @param echoes  at a middlebox: what its sender compares with, by context
  Result<> audit(const KeySource& keys, AuditBook& book, std::map<ContextId, AuditEcho>* echoes);

  /// Hop tag, layout, sequence, ends.
  /// @fault hop_tag, record_*, fin_order
  Result<AcceptedRecord> accept(const wire::FrameView& frame);

  /// The same record in a copy of its octets that the caller keeps.
  Result<AcceptedRecord> moved(const AcceptedRecord& record, MutableBytes copy) const;

  bool can_open(ContextId context) const {
    const auto* opener = openers_.find(context);
    return opener != nullptr && *opener != nullptr;
  }
  /// This party is the sink of the context's segment.
  bool is_sink(const AcceptedRecord& record) const { return record.segment().sink == self_; }

  /// Opens a record for a reader or sink; at the sink the exchange rules are checked too. `plaintext` as for
  /// Opener::open. Nothing for padding alone and for FIN.
  Result<std::optional<Part>> open(const AcceptedRecord& record, MutableBytes plaintext);
  /// After the part has been let pass: fills this party's witness slot.
  void bear_witness(const AcceptedRecord& record) const;

  /// Every flow that ends at this party has had its FIN verified.
  bool sunk_all() const { return sunk_fins_ == sunk_flows_; }
  /// Every flow that crosses the hop has had its FIN.
  bool ended_all() const { return fins_ == flows_on_hop_; }
  /// A message at this sink has begun and not ended.
  bool message_open() const;
  /// Some context here is ahead of another: a part of an exchange has come whole, and one that belongs to it has not
  /// come at all.
  bool parts_missing() const;
  /// The highest exchange of which every context sunk here has ended its message.
  std::uint32_t complete_exchanges() const;
  /// Nothing has moved for a while: see crypto::Aead::rest.
  void rest();

 private:
  struct FlowState {
    std::uint64_t next_seq = 0;
    bool fin = false;
  };
  struct Sunk {
    ExchangeRule rule;
    std::unique_ptr<AuditDigest> audit = nullptr;  // null where nothing is audited
  };
  Receiver(const KeySource& keys, Direction direction, const ProfileTraits& profile, ExchangeLedger& ledger,
           crypto::Aead hop);
  Result<> load(const KeySource& keys);
  Result<std::variant<DataView, RedactedView>> view(const wire::FrameView& frame, const Segment& segment) const;
  Result<> check_hop(const std::variant<DataView, RedactedView>& view);
  Result<> check_fin(const DataView& data, const Flow& flow) const;
  Result<> sink(const AcceptedRecord& record, const Part& part, bool padding_only);
  Result<> check_exchange(const AcceptedRecord& record, bool end, bool padding_only);
  void note(const AcceptedRecord& record);

  const Terms* terms_;
  const PathPlan* plan_;
  PartyIndex self_;
  Direction direction_;
  bool numbered_;
  std::size_t hop_rank_;
  std::uint64_t sequence_end_;
  ExchangeLedger* ledger_;
  Hop hop_;
  std::vector<FlowState> flows_;        // by index in the plan
  ByContext<const Segment*> segments_;  // on the hop
  ByContext<std::unique_ptr<Opener>> openers_;
  ByContext<std::unique_ptr<Sunk>> sunk_;  // where this party is the sink
  std::size_t flows_on_hop_ = 0, fins_ = 0, sunk_flows_ = 0, sunk_fins_ = 0;
};

/// What a profile says of a context, by its name; defaults for contexts that it does not list.
ContextTraits traits_of(const ProfileTraits& profile, const ContextInfo& context);

}  // namespace louver::session
