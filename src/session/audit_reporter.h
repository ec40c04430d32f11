#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/time.h"
#include "session/association_record.h"
#include "session/audit_digest.h"

namespace louver::session {

/// The places at which a party states values, in the order of receipts: direction, context, out.
using AuditStream = std::array<std::uint8_t, 3>;
inline AuditStream stream_of(const wire::Audit& value) { return {value.direction, value.context, value.out}; }

/// What one party has stated of the sessions of an association, and its receipts for it. docs/protocol.md §9
class AuditReporter {
 public:
  /// @param identity  null: an anonymous client, which signs nothing
  AuditReporter(const AssociationRecord& record, const tls::Identity* identity)
      : record_(&record), identity_(identity) {}

  void add(const wire::Audit& value, TimePoint now);
  /// Ten minutes after the last receipt of that session, if anything was stated since.
  bool due(SessionNumber session, TimePoint now) const;
  /// What the next receipt says: all that was stated so far. Counted as given, whether signed or not.
  wire::ReceiptBody body(SessionNumber session, bool last, TimePoint now);
  /// The receipt for all that was stated so far. Nothing from who signs none.
  Result<std::optional<wire::Receipt>> receipt(SessionNumber session, bool last, TimePoint now);

 private:
  struct Stated {
    std::map<AuditStream, AuditChain> chains;
    std::uint32_t receipts = 0;
    TimePoint since{};
    bool anything_new = false;
  };
  const AssociationRecord* record_;
  const tls::Identity* identity_;
  std::map<SessionNumber, Stated> sessions_;
};

}  // namespace louver::session
