#pragma once

#include "config/config.h"
#include "filter/filter.h"
#include "observe/log.h"

namespace louver::role {

/// The filter `secret` as configured, with its credential read or asked for: waits for a command.
/// @param log  outlives the filter
/// @fault configuration
Result<std::shared_ptr<const filter::FilterFactory>> make_secret_filter(const config::SecretFilter& options,
                                                                        const std::vector<std::string>& contexts,
                                                                        observe::Log& log);

}  // namespace louver::role
