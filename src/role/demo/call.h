#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace louver::role::demo {

/// A request that a program makes of an agent.
struct Call {
  std::string method, target;  // the whole URL, where the agent is a proxy
  std::string host;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
};

/// All that it got.
struct Got {
  unsigned status = 0;
  std::string head = {}, body = {};
  bool whole = false;                  // not cut off
  std::optional<TimePoint> body_from;  // when the first octet of the body was there
  std::string all() const { return head + body; }
};

/// Blocks for at most 10 seconds. An answer that was cut off is what came of it.
/// @fault connection_lost; timeout
Result<Got> call(std::uint16_t agent_port, const Call& call);

}  // namespace louver::role::demo
