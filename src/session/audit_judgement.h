#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "session/audit_digest.h"

namespace louver::session {

/// A value and who stated it.
struct Attested {
  PartyIndex party{};
  wire::Audit value;
};

/// What the values say of one message. The worse one counts; a message of which a value is missing never passes for
/// unmodified. docs/protocol.md §9
enum class AuditVerdict : std::uint8_t {
  unmodified,    // every party states so, or the ends' own values agree
  changed,       // as its writer states
  redacted,      // by a tombstone
  unattested,    // a value is missing
  undelivered,   // values, but no message came
  disagreement,  // two parties state what cannot both be true
};
std::string_view name_of(AuditVerdict verdict);

struct Judgement {
  AuditVerdict verdict = AuditVerdict::unmodified;
  bool end_to_end = false;                               // the ends' values under item 8, or of the only segment, agree
  std::vector<std::pair<PartyIndex, PartyIndex>> pairs;  // who disagrees with whom; one alone with itself
  std::vector<PartyIndex> missing, changed, redacted;
};

/// Judges one message by its values. Complete if nothing is `missing`.
/// @param segments  of the context and direction, in the order of the path
/// @param received  the message has come at its last sink
Judgement judge(const std::vector<const Segment*>& segments, const std::vector<Attested>& values, bool received);

}  // namespace louver::session
