#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace louver::observe {

/// Where log lines go. Writing never waits for a reader and never kills: what cannot be written at once is dropped, and
/// the caller told so (SECURITY LG-02).
class LogOutput {
 public:
  /// Appends to a file, made with mode 0600 if it is not there; never through a symbolic link.
  /// @fault configuration
  static Result<LogOutput> open_file(const std::string& path);
  /// Uses whatever an open descriptor leads to; the descriptor itself is left alone, also its flags, which other
  /// processes share.
  /// @fault configuration
  static Result<LogOutput> on_descriptor(int descriptor);
  LogOutput(LogOutput&& from) noexcept;
  LogOutput& operator=(LogOutput&& from) noexcept;
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;
  ~LogOutput();

  /// @param line  at most line_octets_most, with its end
  /// @return false: it was dropped (pipe full or closed, disk full, file at its limit)
  bool write(std::string_view line);

 private:
  LogOutput(int descriptor, bool may_wait) : descriptor_(descriptor), may_wait_(may_wait) {}
  bool would_wait() const;
  bool write_whole(std::string_view text);

  int descriptor_;
  bool may_wait_;         // a write could wait: ask first
  bool in_line_ = false;  // a line was written in part
};

/// A write beyond a limit of the file's size, or to a pipe that nobody reads, is an error and no longer a signal that
/// kills.
void ignore_write_signals();

}  // namespace louver::observe
