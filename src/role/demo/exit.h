#pragma once

namespace louver::role::demo {

/// How a demonstration ends.
enum Exit : int { all_right = 0, not_so = 1, cannot = 2 };

}  // namespace louver::role::demo
