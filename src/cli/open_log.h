#pragma once

#include "config/config.h"
#include "observe/log.h"

namespace louver::cli {

/// The log that a configuration describes.
inline Result<std::unique_ptr<observe::Log>> open_log(const config::Log& wanted) {
  observe::LogOptions options;
  options.least = static_cast<observe::Level>(wanted.level);
  options.format = wanted.format == config::Log::Format::json ? observe::Format::json : observe::Format::text;
  options.file = wanted.file;
  return observe::Log::open(std::move(options));
}
static_assert(static_cast<int>(observe::Level::debug) == static_cast<int>(config::Log::Level::debug) &&
              static_cast<int>(observe::Level::error) == static_cast<int>(config::Log::Level::error));

}  // namespace louver::cli
