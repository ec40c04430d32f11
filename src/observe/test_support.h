#pragma once

// For tests only: a folder that goes away, files as lines, a clock that stands still.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/time.h"

namespace louver::observe::test {

/// Permissions of a file; the test ends if it is not there.
inline mode_t mode_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) std::abort();
  return status.st_mode & 07777;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "louver-observe-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream in{path, std::ios::binary};
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// 2025-06-07T08:09:10.011Z when it starts; both clocks go on together.
struct StoppedClock {
  Now now{TimePoint{} + std::chrono::hours{1}, WallTime{} + std::chrono::milliseconds{1'749'283'750'011}};
  void go_on(Duration by) {
    now.mono += by;
    now.wall += std::chrono::duration_cast<WallTime::duration>(by);
  }
};

}  // namespace louver::observe::test
