#pragma once

#include <string>

namespace louver::config {

/// The configurations that are shown to users.
inline const std::string examples = LOUVER_SOURCE_DIR "/examples/";

}  // namespace louver::config
