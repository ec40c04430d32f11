#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "session/secrets.h"
#include "tls/certificate.h"
#include "wire/announce.h"
#include "wire/join.h"

namespace louver::session {

/// One party as the others know it after the agreement: authenticated, except for what an anonymous client says of
/// itself (nothing).
struct PartyReport {
  PartyIndex index;
  std::string name;         // empty: an anonymous client
  wire::Describe describe;  // of middleboxes
  WallTime expires = WallTime::max();
  std::optional<tls::Anchor> anchor = {};  // that its certificate led to; none for an anonymous client
  std::vector<Buffer> certificates = {};   // DER, the leaf first, up to the anchor; empty: an anonymous client
};

/// What a third party needs beside receipts: the very octets that all agreed on. Kept at an endpoint where something is
/// audited. docs/protocol.md §9
struct AuditEvidence {
  Buffer hello;
  Buffer manifest;
  wire::Hash client_id{};  // what the client's leaf is hashed with
};

/// What an association is once all parties agree: immutable but for the secrets, which its record erases.
/// docs/protocol.md §4
struct Agreement {
  Terms terms;
  PathPlan plan;
  PartyIndex self;
  wire::Hash manifest_hash{};
  wire::AssociationId id{};
  std::vector<PartyReport> parties;    // those that this party knows
  WallTime expires = WallTime::max();  // the earliest of the certificates that this party has verified
  SecretTable secrets;
  AuditEvidence evidence = {};
};

/// SHA-256("louver v1 manifest" || Manifest); the association's id is its first 16 octets.
wire::Hash hash_of_manifest(const wire::Manifest& manifest);
wire::AssociationId association_id(const wire::Hash& manifest_hash);

/// What an endpoint's own rules say. Every call is made once per association, before anything that depends on it is
/// sent.
class EndpointPolicy {
 public:
  virtual ~EndpointPolicy() = default;
  /// Every party is authenticated under its name in the route and has described itself.
  /// @fault grant_refused, blocked_by_policy: the association ends with that alert
  virtual Result<> approve(const Terms& terms, const std::vector<PartyReport>& parties) = 0;

 protected:
  EndpointPolicy() = default;
  EndpointPolicy(const EndpointPolicy&) = default;
  EndpointPolicy& operator=(const EndpointPolicy&) = default;
};

class ServerPolicy : public EndpointPolicy {
 public:
  /// The Accept for this Hello; `hello_hash` and `version` are filled in by the engine.
  virtual Result<wire::Accept> answer(const wire::Hello& hello, const Terms& offered) = 0;
};

class MiddleboxPolicy {
 public:
  virtual ~MiddleboxPolicy() = default;
  /// Where this middlebox stands in the route, if the route names it and its next party is one of its own
  /// configuration.
  /// @fault not_in_route, next_hop_refused
  virtual Result<PartyIndex> place(const wire::Hello& hello) = 0;
  /// What it answers to a Hello that does not name it; nothing: the alert not_in_route. docs/protocol.md §10
  virtual std::optional<wire::Announce> announce(const wire::Hello&) { return std::nullopt; }
  /// Looks at what was granted before Ready goes out.
  virtual Result<> approve(const Terms& terms, PartyIndex self) = 0;

 protected:
  MiddleboxPolicy() = default;
  MiddleboxPolicy(const MiddleboxPolicy&) = default;
  MiddleboxPolicy& operator=(const MiddleboxPolicy&) = default;
};

}  // namespace louver::session
