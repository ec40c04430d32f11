#pragma once

#include <filesystem>

#include "config/config.h"

namespace louver::role {

/// The configuration file once more, for a running process.
/// @fault configuration: as config::load; also where it is no regular file, for which a thread might wait for ever
template <class Config>
Result<Config> read_anew(const std::string& file) {
  if (file.empty()) return Error{Fault::configuration, "this process was not started from a file"};
  std::error_code trouble;
  if (!std::filesystem::is_regular_file(file, trouble)) return Error{Fault::configuration, file + ": is no file"};
  return config::load<Config>(file);
}

}  // namespace louver::role
