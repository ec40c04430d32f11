#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace louver::runtime {

/// The number of a user of this machine, by name, or by number in decimal digits, which need not be in any list.
/// May wait for whoever keeps the lists of users: not for the thread of a loop.
/// @fault configuration  there is no such user, or the system cannot tell
Result<uid_t> user_by_name(const std::string& name);

}  // namespace louver::runtime
