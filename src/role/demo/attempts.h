#pragma once

#include <optional>
#include <span>

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

/// Makes every attempt with a scanner that has gone bad, one path after the other.
/// @fault as Stage::wait
Result<std::vector<AttemptResult>> make_attempts(Stage& stage, const std::function<void(const AttemptPlan&)>& before);

}  // namespace louver::role::demo
