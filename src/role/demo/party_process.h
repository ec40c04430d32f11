#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/subprocess.h"

namespace louver::runtime {
class Loop;
}

namespace louver::role::demo {

using Json = nlohmann::ordered_json;

/// One party of the path as a process of its own, and everything that it has said.
class PartyProcess {
 public:
  /// @param name  of the party, for reports
  /// @param argv  argv[0] is the program's path
  /// @fault configuration  it cannot be started
  static Result<std::unique_ptr<PartyProcess>> start(runtime::Loop& loop, std::string name,
                                                     std::vector<std::string> argv);
  PartyProcess(const PartyProcess&) = delete;
  PartyProcess& operator=(const PartyProcess&) = delete;

  const std::string& name() const { return name_; }
  pid_t pid() const { return process_->pid(); }
  bool is_running() const { return process_->is_running(); }
  /// Asks it to end.
  void terminate() { process_->terminate(); }

  /// The lines of its log, each an object with `event`, in order of arrival. Grows while the loop runs; entries stay
  /// where they are.
  const std::deque<Json>& events() const { return events_; }
  std::size_t count(std::string_view event) const;
  /// Null while there is none.
  const Json* first(std::string_view event) const;
  /// The port in its `listen` line; 0 before.
  std::uint16_t port() const;
  /// Whether any line, of the log or not, has this text in it.
  bool has_said(std::string_view text) const;
  /// The last line that was no event, or how it ended: why it does not run.
  std::string last_words() const;

 private:
  explicit PartyProcess(std::string name) : name_(std::move(name)) {}
  void on_line(std::string_view line);

  std::string name_;
  std::deque<Json> events_;
  std::deque<std::string> lines_;
  std::string last_plain_, end_;
  std::unique_ptr<runtime::Subprocess> process_;  // last: its callbacks use the rest
};

/// A member as text: empty if it is not there or no text.
std::string text_of(const Json& object, const char* member);

}  // namespace louver::role::demo
