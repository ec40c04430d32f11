#pragma once

#include <optional>

#include "base/random.h"
#include "profile/http1/contexts.h"
#include "profile/http1/lift/contexts.h"

namespace louver::profile::http1 {

/// What both ends of a session have agreed on.
struct SessionPlan {
  bool bind_target = true;  // agent: say for which target credentials are given; gateway: refuse those that do not
  FieldContexts fields = {};
  RandomSource* random = nullptr;  // for markers; never null where there are field contexts, outlives the codec
  std::optional<TrailerIds> trailers = {};  // none: they are dropped at both ends
  bool operator==(const SessionPlan&) const = default;
};

}  // namespace louver::profile::http1
