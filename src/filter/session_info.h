#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/strong.h"
#include "session/terms.h"
#include "wire/join.h"

namespace louver::filter {

/// The way of an outside engine back to the session that waits for it.
class Recall {
 public:
  virtual ~Recall() = default;
  /// Calls `deliver` on the session's thread, never from within this call, and then asks the filters anew that said
  /// `later` in this direction. From any thread, at any time; nothing is called once the session is over.
  virtual void recall(Direction direction, std::function<void()> deliver) = 0;

 protected:
  Recall() = default;
  Recall(const Recall&) = default;
  Recall& operator=(const Recall&) = default;
};

/// One session, as its filters are told of it.
struct SessionInfo {
  std::string id;     // what log lines call it: session_id_text()
  PartyIndex self{};  // this middlebox's place on the path
  const session::Terms* terms =
      nullptr;  // never null in use, outlives the filters: the parties' names, profile, contexts, grants
  std::shared_ptr<Recall> recall = {};  // null where nothing is relayed: when it is only asked which grants are missing

  /// What this middlebox may do; `none` too where the session has no such context in this direction.
  session::Grant grant(ContextId context, Direction direction) const { return terms->grant(self, context, direction); }
};

/// The first 8 octets of the association's id in hexadecimal and the session's number: "0011223344556677/5". Every
/// party of a session calls it so.
std::string session_id_text(const wire::AssociationId& association, SessionNumber number);

}  // namespace louver::filter
