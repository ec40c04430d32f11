#pragma once

#include "base/time.h"

/// How listeners of every kind go on when something is wrong.
namespace louver::runtime {

/// Until a listener without descriptors or memory tries again.
inline constexpr Duration pause_without_resources = std::chrono::milliseconds{100};
/// At most one is told within this time.
inline constexpr Duration between_complaints = std::chrono::seconds{10};

}  // namespace louver::runtime
