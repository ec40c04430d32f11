#pragma once

#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>

#include "role/manageable.h"
#include "role/station.h"
#include "runtime/loop.h"

namespace louver::role {

/// Carries out what an operator asks of a running process: status, reload, renew, withdraw. Lives on loop 0 and never
/// makes it wait: files are read on a thread of its own, one change at a time.
class Manager {
 public:
  using Answer = std::function<void(std::string line)>;

  Manager(runtime::Loop& loop, Station& station, Manageable& role);
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager();

  /// @param line    one JSON object; what is not understood is answered in words
  /// @param answer  called once, with one line of JSON, unless the process ends before
  void ask(std::string_view line, Answer answer);
  /// Reads the configuration anew: SIGHUP. Several that come while one waits are one.
  void reload();

 private:
  struct Job {
    std::string command;
    Change change;
    std::size_t associations;  // that had the party that is withdrawn or restored
    Answer answer;             // may be empty
  };
  struct Done {
    std::string command;
    std::size_t associations;
    Answer answer;
  };
  void withdraw(const nlohmann::json& request, Answer answer);
  std::size_t associations_with(std::string_view name) const;  // a misspelled name has none
  Duration drain() const;  // for sessions that a change ends, where nobody wants it at once
  Change reading() const;
  void submit(Job job);
  void start_next();
  void finish(const Done& done, Result<Manageable::Apply> prepared);
  std::string status() const;

  runtime::Loop& loop_;
  Station& station_;
  Manageable& role_;
  std::shared_ptr<Manager*> alive_;  // for what comes back from the thread
  std::deque<Job> waiting_;
  std::thread worker_;
  bool busy_ = false;
  std::uint64_t edition_ = 0;
  std::uint64_t reloads_ = 0, failed_reloads_ = 0;
  WallTime loaded_at_;
  TimePoint started_at_;
  std::set<std::string> withdrawn_;
};

}  // namespace louver::role
