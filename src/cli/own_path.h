#pragma once

#include <filesystem>
#include <string>

namespace louver::cli {

/// This very program; empty if that cannot be known.
inline std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

}  // namespace louver::cli
