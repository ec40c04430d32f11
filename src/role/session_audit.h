#pragma once

#include <memory>
#include <utility>

#include "session/association_record.h"

namespace louver::role {

/// Carries what a session states to its association, from the session's thread: that it runs, its values, its end.
/// Does nothing where nothing is audited. docs/protocol.md §9
class SessionAudit {
 public:
  SessionAudit(std::shared_ptr<session::AssociationRecord> record, SessionNumber number)
      : record_(std::move(record)), number_(number), open_(record_->terms().audits()) {
    if (open_) record_->audit().put({number_, {}});
  }
  ~SessionAudit() { end(nullptr, false); }
  SessionAudit(const SessionAudit&) = delete;
  SessionAudit& operator=(const SessionAudit&) = delete;

  void carry(session::AuditBook* book) {
    if (open_ && book != nullptr && !book->values.empty())
      record_->audit().put({number_, std::exchange(book->values, {})});
  }
  /// Once; nothing can be stated after it.
  void end(session::AuditBook* book, bool whole) {
    if (!std::exchange(open_, false)) return;
    session::AuditNote note{number_, {}, true, whole};
    if (book != nullptr) note.values = std::exchange(book->values, {});
    record_->audit().put(std::move(note));
  }

 private:
  std::shared_ptr<session::AssociationRecord> record_;
  SessionNumber number_;
  bool open_;
};

}  // namespace louver::role
