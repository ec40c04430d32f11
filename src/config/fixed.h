#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace louver::config {

/// What a running process cannot change: puts it back into `fresh` as it is in `running`.
/// @return the keys that differ, as an operator would write them: they wait for a restart
std::vector<std::string> keep_fixed(const Agent& running, Agent& fresh);
std::vector<std::string> keep_fixed(const Middlebox& running, Middlebox& fresh);
std::vector<std::string> keep_fixed(const Gateway& running, Gateway& fresh);

}  // namespace louver::config
