#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/descriptor.h"

namespace louver::runtime {

/// A process that was just started, and our ends of its pipes.
struct Spawned {
  pid_t pid;
  Descriptor ended;  // readable when it has ended (pidfd_open(2)); then it still has to be reaped
  Descriptor out;
  Descriptor err;
  Descriptor in;  // none if its input is /dev/null
};

enum class Input : std::uint8_t { null, pipe };

/// Starts a program as `Subprocess` says.
/// @fault configuration  names the program and says why not
Result<Spawned> spawn(const std::vector<std::string>& argv, const std::optional<std::vector<std::string>>& environment,
                      Input input = Input::null);

}  // namespace louver::runtime
