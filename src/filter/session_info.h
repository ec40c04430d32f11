#pragma once

#include <string>

#include "base/strong.h"
#include "session/terms.h"
#include "wire/join.h"

namespace louver::filter {

/// One session, as its filters are told of it.
struct SessionInfo {
  std::string id;     // what log lines call it: session_id_text()
  PartyIndex self{};  // this middlebox's place on the path
  const session::Terms* terms =
      nullptr;  // never null in use, outlives the filters: the parties' names, profile, contexts, grants

  /// What this middlebox may do; `none` too where the session has no such context in this direction.
  session::Grant grant(ContextId context, Direction direction) const { return terms->grant(self, context, direction); }
};

/// The first 8 octets of the association's id in hexadecimal and the session's number: "0011223344556677/5". Every
/// party of a session calls it so.
std::string session_id_text(const wire::AssociationId& association, SessionNumber number);

}  // namespace louver::filter
