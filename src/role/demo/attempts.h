#pragma once

#include <optional>
#include <span>

#include "role/demo/client.h"
#include "role/demo/insider_relay.h"
#include "role/demo/stage.h"

namespace louver::role::demo {

/// One attempt and what must come of it.
struct AttemptPlan {
  Attempt attempt;
  std::string_view name;
  std::string_view what;          // in words, what the insider does
  std::string_view noticed_by;    // name of the party; empty: nobody has to
  std::string_view alert;         // of the protocol; empty: none
  bool request_succeeds = false;  // the honest request goes through all the same
};
std::span<const AttemptPlan> attempt_plans();
/// Nothing for a name that no attempt has.
std::optional<Attempt> find_attempt(std::string_view name);

/// What came of one.
struct AttemptResult {
  const AttemptPlan* plan = nullptr;
  std::string noticed_by;  // empty: nobody
  std::string alert, fault;
  std::uint64_t delivered_octets = 0;
  std::string remark;   // what else there is to say
  std::string trouble;  // why this is not what must come; empty: it is
};

/// Makes every attempt, each on its path, one after the other.
/// @param paths  with a scanner that makes it, in the order of attempt_plans()
/// @fault as Stage::wait
Result<std::vector<AttemptResult>> make_attempts(Stage& stage, std::span<const Path> paths, HttpClient& http,
                                                 const std::function<void(const AttemptPlan&)>& before);

}  // namespace louver::role::demo
