#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "role/demo/table.h"

namespace louver::role::demo {

/// Something that was looked at, and whether it is as it must be.
struct Check {
  std::string what;
  bool ok;
};

/// How a demonstration ends.
enum Exit : int { all_right = 0, not_so = 1, cannot = 2 };

/// The checks, one in a line, and how many failed.
void print_checks(const std::vector<Check>& checks, const Paint& paint, std::ostream& out);

/// What the process ends with. Says to `talk` why nothing could be shown, in the name of `command`.
/// @param shown  whether all checks held
int exit_code(const Result<bool>& shown, std::string_view command, std::ostream& out, std::ostream& talk);

}  // namespace louver::role::demo
