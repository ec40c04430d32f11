#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace louver::role {

/// What an operator wants changed in a running process.
struct Change {
  bool read_anew = false;                // the configuration file and what it names
  std::set<std::string> withdrawn = {};  // names of parties that get nothing until the process is restarted or they are
                                         // restored
  Duration drain{};                      // how long sessions live on whose association is no longer allowed
  std::uint64_t edition = 0;             // of the rules; each change has a higher one
};

/// How a role is looked at and changed while it runs. Everything is called on loop 0, but for `prepare`.
class Manageable {
 public:
  virtual ~Manageable() = default;
  /// Puts a prepared change into force, on all threads. @return what waits for a restart, as keys of the file
  using Apply = std::function<std::vector<std::string>()>;

  /// Reads, checks and builds all that the change needs, on a thread of its own; changes nothing.
  /// @fault configuration: "file:line:column: what and remedy"; the change is dropped whole
  virtual Result<Apply> prepare(const Change& change) const = 0;
  /// New associations in the place of all present ones; sessions end by themselves.
  virtual void renew() = 0;
  /// Name and kind of this party, routes or approvals: added to the status.
  virtual void add_status(nlohmann::ordered_json& status) const = 0;

 protected:
  Manageable() = default;
  Manageable(const Manageable&) = default;
  Manageable& operator=(const Manageable&) = default;
};

}  // namespace louver::role
