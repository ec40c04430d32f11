#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/result.h"

/// What a process has used, by the kernel's account of it.
namespace louver::measure {

/// On-CPU time of each thread, user and system, in nanoseconds. /proc/PID/stat would count ticks of 10 ms.
using ThreadTimes = std::map<pid_t, std::uint64_t>;
/// @fault configuration  the process is gone, or this kernel does not keep schedstat
Result<ThreadTimes> thread_times(pid_t process);

/// What all threads used between the two, threads that are new among them.
/// @fault internal_error  a thread ended meanwhile, and its time with it; or nothing was used: the process took no part
Result<std::uint64_t> used_between(const ThreadTimes& before, const ThreadTimes& after);

/// Resident memory in KiB.
/// @fault configuration  the process is gone
Result<std::uint64_t> resident_kib(pid_t process);

/// The on-CPU time in the text of a `schedstat`.
std::optional<std::uint64_t> time_in_schedstat(std::string_view text);
/// VmRSS in the text of a `status`.
std::optional<std::uint64_t> resident_in_status(std::string_view text);

}  // namespace louver::measure
