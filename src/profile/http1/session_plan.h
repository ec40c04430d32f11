#pragma once

namespace louver::profile::http1 {

/// What both ends of a session have agreed on.
struct SessionPlan {
  bool bind_target = true;  // agent: say for which target credentials are given; gateway: refuse those that do not
  bool operator==(const SessionPlan&) const = default;
};

}  // namespace louver::profile::http1
