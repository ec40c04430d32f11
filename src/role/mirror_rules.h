#pragma once

#include "config/config.h"
#include "filter/filter.h"
#include "filter/io/mirror/tap.h"
#include "observe/log.h"
#include "role/secret_rules.h"

namespace louver::role {

/// The filter `mirror` as configured.
struct Mirror {
  std::shared_ptr<const filter::FilterFactory> factory;
  std::shared_ptr<filter::mirror::Tap> tap;  // not opened yet; null if it listens nowhere
};

/// @param log      outlives both
/// @param outside  none: nothing is looked up or looked at, neither users nor files
/// @fault configuration
Result<Mirror> make_mirror_filter(const config::MirrorFilter& options, const std::vector<std::string>& contexts,
                                  observe::Log& log, Outside outside);

}  // namespace louver::role
