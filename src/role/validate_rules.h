#pragma once

#include "config/config.h"
#include "filter/filter.h"

namespace louver::role {

/// The filter `validate` as configured, with its schema or key read.
/// @fault configuration
Result<std::shared_ptr<const filter::FilterFactory>> make_validate_filter(const config::ValidateFilter& options,
                                                                          const std::vector<std::string>& contexts);

}  // namespace louver::role
