#include "measure/process_usage.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace louver::measure {
namespace {

/// Digits at the front; none for something else.
std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return std::nullopt;
  return out;
}

std::optional<std::string> content_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

std::filesystem::path folder_of(pid_t process) { return "/proc/" + std::to_string(process); }

}  // namespace

std::optional<std::uint64_t> time_in_schedstat(std::string_view text) { return leading_number(text); }

std::optional<std::uint64_t> resident_in_status(std::string_view text) {
  constexpr std::string_view key = "\nVmRSS:";
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return leading_number(text);
}

Result<ThreadTimes> thread_times(pid_t process) {
  ThreadTimes out;
  std::error_code error;
  const std::filesystem::path tasks = folder_of(process) / "task";
  for (std::filesystem::directory_iterator task{tasks, error}, end; !error && task != end; task.increment(error)) {
    const auto id = leading_number(task->path().filename().native());
    const auto text = content_of(task->path() / "schedstat");
    const auto time = text ? time_in_schedstat(*text) : std::nullopt;
    if (!id || !time)
      return Error{Fault::configuration, task->path().string() + "/schedstat: no on-CPU time; the kernel must keep it"};
    out[static_cast<pid_t>(*id)] = *time;
  }
  if (error || out.empty()) return Error{Fault::configuration, tasks.string() + " cannot be read"};
  return out;
}

Result<std::uint64_t> used_between(const ThreadTimes& before, const ThreadTimes& after) {
  std::uint64_t out = 0;
  for (const auto& [thread, time] : after) {
    const auto then = before.find(thread);
    out += time - (then == before.end() ? 0 : then->second);
  }
  for (const auto& [thread, time] : before) {
    if (!after.contains(thread)) return Error{Fault::internal_error, "a thread ended while it was measured"};
  }
  if (out == 0) return Error{Fault::internal_error, "it used no CPU: it took no part"};
  return out;
}

Result<std::uint64_t> resident_kib(pid_t process) {
  const std::filesystem::path file = folder_of(process) / "status";
  const auto text = content_of(file);
  const auto resident = text ? resident_in_status(*text) : std::nullopt;
  if (!resident) return Error{Fault::configuration, file.string() + ": no VmRSS"};
  return *resident;
}

}  // namespace louver::measure
