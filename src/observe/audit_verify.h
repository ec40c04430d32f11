#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/hash.h"
#include "tls/certificate.h"

/// Checks an audit log by itself: from its lines, the receipts in it and trust anchors. docs/protocol.md §9
namespace louver::observe {

/// What is wrong, and at which line (from 1; 0: with the whole).
struct AuditFlaw {
  std::size_t line = 0;
  std::string what;
};

struct AuditReport {
  std::size_t lines = 0, associations = 0, sessions = 0, receipts = 0;
  std::map<std::string, std::size_t> verdicts;
  std::optional<AuditFlaw> bad;      // the first that cannot be true; nothing behind it was looked at
  std::vector<AuditFlaw> uncovered;  // what no receipt covers, and what has no end
  /// For comparing logs: SHA-256 of the last receipt, by "association session party".
  std::map<std::string, crypto::Hash> last_receipts;
  std::map<std::string, std::string> parties;  // "association index" -> name
};

class AuditVerifier {
 public:
  explicit AuditVerifier(std::shared_ptr<const tls::Trust> trust);
  ~AuditVerifier();
  AuditVerifier(const AuditVerifier&) = delete;
  AuditVerifier& operator=(const AuditVerifier&) = delete;
  /// A line without its end. False: it is bad, and so is all that follows.
  bool take(std::string_view line);
  /// @param tail  octets behind the last line's end
  AuditReport finish(std::size_t tail);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

AuditReport verify_audit_log(std::string_view text, std::shared_ptr<const tls::Trust> trust);

/// The first thing that one log says and the other denies or leaves out, if they are of one association.
std::optional<std::string> compare_audit_logs(const AuditReport& one, const AuditReport& other);

}  // namespace louver::observe
