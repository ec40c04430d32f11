#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "session/association_record.h"

namespace louver::observe {

/// The environment variable that must name the same file as the configuration. docs/operations.md "Key log"
inline constexpr const char* key_log_variable = "LOUVER_KEYLOGFILE";

/// Whether secrets are to be written, and where to: the configuration and the environment must want it both, so that
/// whoever can change only one of them gets nothing.
struct KeyLogWish {
  std::string configured;   // empty: the configuration has no [debug] keylog
  std::string environment;  // empty: the variable is not set

  bool wanted() const { return !configured.empty(); }
  /// The environment alone wants it: nothing is written, and the operator should know.
  bool ignored() const { return configured.empty() && !environment.empty(); }
  /// @fault configuration  the configuration wants it, the environment does not, or names another file
  Result<> check() const;
};

/// Writes what an association's party holds of it to a file, for those who look into captures of their own traffic: who
/// has this file can read and forge everything that the party can. docs/operations.md "Key log"
class KeyLog {
 public:
  /// Appends to `path`, made with mode 0600 if it is not there; never through a symbolic link.
  /// @fault configuration  others may read the file that is there, or it is not ours, or no regular file
  static Result<std::unique_ptr<KeyLog>> open(const std::string& path);
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;
  ~KeyLog();

  /// One line for each secret: "LOUVER_ITEM <association id> <item name> <secret>", in hexadecimal. From any thread.
  /// @return false: not all of it could be written
  bool write(const session::AssociationRecord& record);

 private:
  explicit KeyLog(int descriptor) : descriptor_(descriptor) {}

  std::mutex mutex_;
  int descriptor_;
};

}  // namespace louver::observe
