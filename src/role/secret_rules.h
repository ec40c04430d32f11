#pragma once

#include "config/config.h"
#include "filter/filter.h"
#include "observe/log.h"

namespace louver::role {

/// Whether what a filter needs from outside (a file, a program) is there for it, or it is only asked what it would do.
enum class Outside : bool { none, real };

/// The filter `secret` as configured, with its credential read or asked for: waits for a command. Without what is
/// outside it has none, and starts nothing.
/// @param log  outlives the filter
/// @fault configuration
Result<std::shared_ptr<const filter::FilterFactory>> make_secret_filter(const config::SecretFilter& options,
                                                                        const std::vector<std::string>& contexts,
                                                                        observe::Log& log, Outside outside);

}  // namespace louver::role
