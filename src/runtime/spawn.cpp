#include "runtime/spawn.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "base/bytes.h"
#include "runtime/signals_blocked.h"
#include "runtime/system_error.h"

namespace louver::runtime {

namespace {

constexpr int first_inherited_not = 3;  // descriptors from here are closed in the child

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_fault(Fault::configuration, "cannot make a pipe", errno);
  return Pipe{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// All that the child needs, made before the fork: after it only calls that are safe in a signal handler may be made.
struct Plan {
  char** argv;
  char** environment;
  int input;
  int out;
  int err;
  int report;  // where the errno of a failure goes; closed by exec
  pid_t parent;
};

[[noreturn]] void report_and_exit(int report) {
  const int error = errno;
  static_cast<void>(!::write(report, &error, sizeof error));
  ::_exit(127);
}

/// A copy above the standard ones, so that moving descriptors to 0, 1 and 2 overwrites none that is still needed.
int above_standard(int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, first_inherited_not + 1); }

void set_signals_back() {
  for (int signal = 1; signal < NSIG; ++signal)
    static_cast<void>(::signal(signal, SIG_DFL));  // those that cannot be set need not be
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Plan& plan) {
  const int report = above_standard(plan.report);
  const int input = above_standard(plan.input);
  const int out = above_standard(plan.out);
  const int err = above_standard(plan.err);
  if (report < 0 || input < 0 || out < 0 || err < 0) report_and_exit(plan.report);
  if (::setpgid(0, 0) != 0) report_and_exit(report);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) report_and_exit(report);
  if (::getppid() != plan.parent) ::_exit(127);  // it ended before the line above
  if (::dup2(input, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) report_and_exit(report);
  if (::dup3(report, first_inherited_not, O_CLOEXEC) < 0) report_and_exit(report);
  if (::syscall(SYS_close_range, first_inherited_not + 1, ~0U, 0) != 0) report_and_exit(first_inherited_not);
  set_signals_back();
  ::execve(plan.argv[0], plan.argv, plan.environment);
  report_and_exit(first_inherited_not);
}

/// The errno with which the child failed to become the program, or 0 when it has become it.
int wait_for_exec(int report) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(report, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<Spawned> spawn(const std::vector<std::string>& argv, const std::optional<std::vector<std::string>>& environment,
                      Input wanted) {
  if (argv.empty()) return Error{Fault::configuration, "no program was named"};
  const std::string failed = "cannot start \"" + printable(argv.front()) + "\"";
  LOUVER_ASSIGN(Pipe out, make_pipe());
  LOUVER_ASSIGN(Pipe err, make_pipe());
  LOUVER_ASSIGN(Pipe report, make_pipe());
  Pipe in;
  if (wanted == Input::pipe) {
    LOUVER_ASSIGN(in, make_pipe());
  } else {
    in.read = Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (!in.read) return system_fault(Fault::configuration, failed + ": /dev/null", errno);
  }

  std::vector<char*> arguments = pointers_to(argv);
  const std::vector<std::string> nothing;
  std::vector<char*> variables = pointers_to(environment ? *environment : nothing);
  const Plan plan{.argv = arguments.data(),
                  .environment = environment ? variables.data() : environ,
                  .input = in.read.fd(),
                  .out = out.write.fd(),
                  .err = err.write.fd(),
                  .report = report.write.fd(),
                  .parent = ::getpid()};
  pid_t pid = -1;
  {
    const SignalsBlocked blocked;  // no handler of ours may run in the child
    pid = ::fork();
    if (pid == 0) become(plan);
  }
  if (pid < 0) return system_fault(Fault::configuration, failed, errno);
  report.write.reset();
  if (const int error = wait_for_exec(report.read.fd()); error != 0) {
    reap(pid);
    return system_fault(Fault::configuration, failed, error);
  }
  Descriptor ended{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};  // closed by exec, as the system makes it
  if (!ended) {
    const int error = errno;
    ::kill(-pid, SIGKILL);
    reap(pid);
    return system_fault(Fault::configuration, failed + ": watching it (pidfd_open needs Linux 5.3)", error);
  }
  return Spawned{.pid = pid,
                 .ended = std::move(ended),
                 .out = std::move(out.read),
                 .err = std::move(err.read),
                 .in = std::move(in.write)};
}

}  // namespace louver::runtime
