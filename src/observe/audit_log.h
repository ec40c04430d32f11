#pragma once

#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "observe/log.h"
#include "session/endpoint_audit.h"

/// The audit log: JSON lines, each with a hash over itself and the line before. docs/protocol.md §9
namespace louver::observe {

inline constexpr std::size_t audit_line_octets_most = 4 * 1024 * 1024;

/// SHA-256("louver v1 audit line" || hash of the line before || the line up to its own hash).
crypto::Hash audit_line_hash(const crypto::Hash& before, std::string_view text);
/// A line as it is written, with its end; `before` becomes its hash.
std::string audit_line(const nlohmann::ordered_json& object, crypto::Hash& before);

std::optional<Buffer> from_hex(std::string_view text);

/// Appends lines; from any thread. A line is with the kernel when write() returns, so it outlives the process; `sync`
/// says whether receipts and ends of sessions are on the disk too.
class AuditLog {
 public:
  enum class OnFull : std::uint8_t { stop, count };

  /// Goes on where the file ends; makes it with mode 0600 if it is not there. Never through a symbolic link, never
  /// together with another process.
  /// @param log  told when lines begin to be missing, and how many when one can be written again; outlives this
  /// @fault configuration
  static Result<std::unique_ptr<AuditLog>> open(const std::string& path, OnFull on_full, bool sync, WallTime now,
                                                Log& log);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// @param own  the certificates of this end, the leaf first; empty: anonymous
  void association(const session::AssociationRecord& record, const std::string& own_name,
                   const std::vector<Buffer>& own, WallTime now);
  void event(const session::AssociationRecord& record, const session::AuditEvent& event, WallTime now);
  void association_end(const session::AssociationRecord& record, WallTime now);

  /// A line could not be written and the configuration says `stop`: nothing that is audited may go on.
  bool stopped() const;

 private:
  AuditLog(int descriptor, OnFull on_full, bool sync, Log& log)
      : descriptor_(descriptor), on_full_(on_full), sync_(sync), log_(&log) {}
  Result<> find_end(const std::string& path);
  Result<> mend_tail(std::string_view tail);
  void write(nlohmann::ordered_json&& object, WallTime now, bool important = false);
  bool write_line(nlohmann::ordered_json& object);
  bool put(std::string_view text);
  void lose();

  mutable std::mutex mutex_;
  int descriptor_;
  OnFull on_full_;
  bool sync_;
  Log* log_;
  crypto::Hash before_{};
  std::uint64_t number_ = 0;
  std::size_t broken_ = 0;  // octets of a line that was written in part
  std::uint64_t lost_ = 0;
  bool stopped_ = false;
};

/// The secrets by which one segment's values can be opened to a judge: apart from the log, and only where an operator
/// wants them. docs/protocol.md §9
class AuditSecrets {
 public:
  /// @fault configuration
  static Result<std::unique_ptr<AuditSecrets>> open(const std::string& path);
  ~AuditSecrets();
  AuditSecrets(const AuditSecrets&) = delete;
  AuditSecrets& operator=(const AuditSecrets&) = delete;
  /// Those of the session that this end holds; from any thread. False: they could not be written.
  bool write(const session::KeySource& keys, const std::string& association);

 private:
  explicit AuditSecrets(int descriptor) : descriptor_(descriptor) {}
  std::mutex mutex_;
  int descriptor_;
};

}  // namespace louver::observe
