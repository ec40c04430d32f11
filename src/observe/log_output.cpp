#include "observe/log_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace louver::observe {
namespace {

constexpr int open_flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
constexpr mode_t owner_only = 0600;

Error cannot(const std::string& what, const std::string& why) {
  return {Fault::configuration, "cannot write the log to " + what + ": " + why};
}

/// Makes the file or opens the one that is there.
int open_or_make(const std::string& path) {
  const int made = ::open(path.c_str(), open_flags | O_CREAT | O_EXCL, owner_only);
  if (made >= 0 || errno != EEXIST) return made;
  return ::open(path.c_str(), open_flags);
}

std::string reason_not_opened(int error) {
  if (error == ELOOP) return "it is a symbolic link; name the file itself";
  return std::strerror(error);
}

}  // namespace

Result<LogOutput> LogOutput::open_file(const std::string& path) {
  const int descriptor = open_or_make(path);
  if (descriptor < 0) return cannot(path, reason_not_opened(errno));
  LogOutput out{descriptor, false};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot(path, "it is no regular file");
  return out;
}

Result<LogOutput> LogOutput::on_descriptor(int descriptor) {
  const std::string name = "descriptor " + std::to_string(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot(name, std::strerror(errno));
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    // Opened anew, so that only we do not wait: O_NONBLOCK on the old one would be set for everybody who shares it.
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    const int own = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (own >= 0) return LogOutput{own, false};
  }
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return cannot(name, std::strerror(errno));
  return LogOutput{copy, !S_ISREG(status.st_mode)};
}

LogOutput::LogOutput(LogOutput&& from) noexcept
    : descriptor_(std::exchange(from.descriptor_, -1)), may_wait_(from.may_wait_), in_line_(from.in_line_) {}

LogOutput& LogOutput::operator=(LogOutput&& from) noexcept {
  std::swap(descriptor_, from.descriptor_);
  std::swap(may_wait_, from.may_wait_);
  std::swap(in_line_, from.in_line_);
  return *this;
}

LogOutput::~LogOutput() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool LogOutput::write(std::string_view line) {
  if (may_wait_ && would_wait()) return false;
  if (in_line_) {
    if (!write_whole("\n")) return false;
    in_line_ = false;
  }
  return write_whole(line);
}

bool LogOutput::would_wait() const {
  pollfd ask{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  return ::poll(&ask, 1, 0) != 1 || (ask.revents & POLLOUT) == 0;
}

/// A file takes what still fits in it; what is missing is told at the next line. Pipes take a line whole or not at all.
bool LogOutput::write_whole(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
    if (may_wait_) break;  // a second write could wait
  }
  if (!rest.empty() && rest.size() != text.size()) in_line_ = true;
  return rest.empty();
}

void ignore_write_signals() {
  for (const int signal : {SIGXFSZ, SIGPIPE}) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;  // somebody's wish
    action.sa_handler = SIG_IGN;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace louver::observe
