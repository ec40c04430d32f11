#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace louver::role {

/// The alert of a failure, for the log: ours, or the one that somebody else reported.
inline std::string alert_text(const Error& error, std::optional<Alert> reported) {
  return std::string{name_of(error.fault == Fault::peer_alert && reported ? *reported : alert_for(error.fault))};
}

}  // namespace louver::role
