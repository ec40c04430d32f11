#include "session/audit_reporter.h"

#include "tls/signature.h"

namespace louver::session {

void AuditReporter::add(const wire::Audit& value, TimePoint now) {
  Stated& stated = sessions_[SessionNumber{value.session}];
  if (stated.chains.empty()) stated.since = now;
  (void)stated.chains[stream_of(value)].add(value);
  stated.anything_new = true;
}

bool AuditReporter::due(SessionNumber session, TimePoint now) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.anything_new &&
         now >= found->second.since + limits::receipt_interval;
}

wire::ReceiptBody AuditReporter::body(SessionNumber session, bool last, TimePoint now) {
  Stated& stated = sessions_[session];
  wire::ReceiptBody body;
  body.manifest_hash = record_->manifest_hash();
  body.session = raw(session);
  body.party = raw(record_->self());
  body.number = ++stated.receipts;
  body.last = last ? 1 : 0;
  for (const auto& [stream, chain] : stated.chains)
    body.entries.items.push_back(chain.entry(stream[0], stream[1], stream[2]));
  stated.since = now;
  stated.anything_new = false;
  if (last) sessions_.erase(session);
  return body;
}

Result<std::optional<wire::Receipt>> AuditReporter::receipt(SessionNumber session, bool last, TimePoint now) {
  wire::Receipt receipt{body(session, last, now), 0, {}};
  if (identity_ == nullptr) return std::optional<wire::Receipt>{};
  LOUVER_ASSIGN(tls::Signature signature, tls::sign_receipt(*identity_, wire::encode(receipt.body)));
  receipt.algorithm = signature.algorithm;
  receipt.signature.bytes = std::move(signature.octets);
  return std::optional{std::move(receipt)};
}

}  // namespace louver::session
