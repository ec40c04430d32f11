#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace louver::role::demo::pay {

/// What both ends' audit logs say of one kind of message.
struct Attribution {
  std::string context, verdict;
  std::vector<std::size_t> changed_by;  // by place in the path
};

/// Checks the logs in `directory` against their receipts and each other, and returns what the bank's says of messages
/// that went to it.
/// @fault configuration  a log cannot be read; handshake  a log is not true, with the reason
Result<std::vector<Attribution>> attributions(const std::string& directory);

}  // namespace louver::role::demo::pay
