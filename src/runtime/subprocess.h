#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace louver::runtime {

class Loop;

/// How a process ended.
struct ExitStatus {
  std::optional<int> code;  // as given to exit; else `signal` ended it
  int signal = 0;

  bool ok() const { return code == 0; }
  /// "exit code 3", "signal 9 (Killed)".
  std::string to_string() const;
};

enum class OutputStream : std::uint8_t { out, err };

struct SubprocessOptions {
  /// argv[0] is the path of the program; there is no search and no shell.
  std::vector<std::string> argv;
  /// "NAME=value" each; nothing: this process's own.
  std::optional<std::vector<std::string>> environment{};
  /// Each line without its end, of at most `most_line_bytes`; the rest of a longer one is dropped. May be empty.
  std::function<void(OutputStream stream, std::string_view line)> on_line{};
  /// Instead of lines of `out`: its octets as they come, 16 KiB at most at a time. May be empty.
  std::function<void(Bytes octets)> on_octets{};
  /// Its input is a pipe for write(), instead of /dev/null.
  bool input = false;
  /// Once, after the last line. May be empty.
  std::function<void(const ExitStatus& status)> on_exit{};
  std::size_t most_line_bytes = std::size_t{8} * 1024;
};

/// A child process whose output is read line by line. Lives on its loop's thread.
///
/// The child has three descriptors (input from /dev/null or us, both outputs to us), no blocked signals, a process
/// group of its own, and is killed when the thread that started it ends: start it on a thread that lasts. When it ends,
/// the rest of its group is killed. Callbacks may destroy the object.
class Subprocess {
 public:
  /// Returns when the program runs.
  /// @fault configuration  it cannot be started; the detail names it and says why
  static Result<std::unique_ptr<Subprocess>> start(Loop& loop, SubprocessOptions options);
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;
  /// Kills what still runs and waits for its end, which then is immediate.
  ~Subprocess();

  pid_t pid() const;
  bool is_running() const;

  /// Calls `callback` once with the next line on either stream that contains `text`; or with the fault `timeout` at the
  /// deadline, or `connection_lost` with the exit status when the process ends before. One at a time.
  void when_line(std::string text, TimePoint deadline, std::function<void(Result<std::string>)> callback);

  /// Puts octets behind what still waits to go into its input: bound by the caller, who alone knows what it may be late
  /// with. Nothing goes to a process that no longer reads, has ended, or has no such input.
  void write(Bytes octets);

  /// Asks it to end (SIGTERM to its group), and kills it if it has not within `grace`. `on_exit` tells when it has.
  void terminate(Duration grace = std::chrono::seconds{5});

 private:
  class Process;
  explicit Subprocess(std::shared_ptr<Process> process) : process_(std::move(process)) {}
  std::shared_ptr<Process> process_;
};

}  // namespace louver::runtime
