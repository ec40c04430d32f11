#pragma once

#include "session/audit_judgement.h"
#include "session/audit_reporter.h"
#include "vectors/inputs.h"
#include "vectors/path.h"

namespace louver::vectors {

/// What the parties of one session have stated of its audited messages, what follows from it, and their receipts.
/// docs/protocol.md §9
class Attestations {
 public:
  /// @param path  must outlive this
  /// @param keys  the Ed25519 private seed of each party that states
  Attestations(const Path& path, std::map<PartyIndex, Buffer> keys);

  /// Takes what was stated in one step.
  /// @return `audit`: each value with the chain that it ends; `judged`: what the values say of each message
  Json add(Direction direction, const std::vector<session::Attested>& values);
  /// The receipt of each party at the end of its part of the session.
  /// @fault internal_error: the library failed
  Result<Json> receipts();

 private:
  struct Signer {
    std::unique_ptr<session::AssociationRecord> record;
    std::unique_ptr<session::AuditReporter> reporter;
    Buffer key;
  };
  Json judge(Direction direction, const std::vector<session::Attested>& values) const;

  const Path* path_;
  std::map<PartyIndex, Signer> signers_;
  std::map<std::pair<PartyIndex, session::AuditStream>, session::AuditChain> chains_;
};

/// Nothing where nothing is audited.
/// @fault bad_value: there is not a key for each party that states, or one for nothing
Result<std::optional<Attestations>> attest(const Path& path, const std::optional<std::map<PartyIndex, Buffer>>& keys);

}  // namespace louver::vectors
