#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "observe/event_limit.h"
#include "observe/log_line.h"

namespace louver::observe {

struct LogOptions {
  Level least = Level::info;
  Format format = Format::text;
  std::optional<std::string> file = {};     // else `descriptor`
  int descriptor = 2;                       // standard error
  std::optional<LogRate> rate = LogRate{};  // for each event; nothing: no limit
};

/// The process's log: one line an event, RFC 3339 time in UTC with milliseconds, level, name of the event, fields.
///
/// Safe from all threads. Never waits for whoever reads the log: a line that cannot be written at once is dropped, one
/// that comes too often suppressed; both are counted and told in lines of their own (SECURITY LG-02, AU-04).
class Log {
 public:
  using Clock = std::function<Now()>;

  /// Ignores SIGXFSZ and SIGPIPE from now on in the whole process, unless they were handled.
  /// @param clock  for tests; must not throw
  /// @fault configuration  the file cannot be written to, or the descriptor is closed
  static Result<std::unique_ptr<Log>> open(LogOptions options, Clock clock = {});
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  /// Tells what was suppressed or dropped last.
  ~Log();

  void write(Level level, Event event, std::initializer_list<Field> fields = {}) {
    write(level, event, std::span{fields.begin(), fields.size()});
  }
  void write(Level level, Event event, std::span<const Field> fields);
  bool enabled(Level level) const;

  /// Opens the file of that name anew, after somebody has moved the old one away; on a fault goes on with the old one.
  /// @fault configuration
  Result<> reopen();

  /// Lines since the start that were too many, and that could not be written.
  std::uint64_t suppressed() const;
  std::uint64_t dropped() const;

 private:
  class Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::observe
