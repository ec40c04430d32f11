#pragma once

#include <string_view>

#include "base/strong.h"

namespace louver::filter::log {

/// Whether an exchange belongs to the sample. The same answer wherever and whenever it is asked.
/// @param share  0: none, 1: all
bool in_sample(std::string_view session, Exchange exchange, double share);

}  // namespace louver::filter::log
