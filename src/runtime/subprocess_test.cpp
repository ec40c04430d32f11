#include "runtime/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SubprocessTest : public ::testing::Test {
 protected:
  SubprocessOptions options(std::vector<std::string> argv) {
    return {.argv = std::move(argv),
            .on_line = [this](OutputStream stream,
                              std::string_view line) { (stream == OutputStream::out ? out : err).emplace_back(line); },
            .on_exit = [this](const ExitStatus& ended) { status = ended; }};
  }
  void start(SubprocessOptions with) {
    auto started = Subprocess::start(loop, std::move(with));
    ASSERT_TRUE(started) << describe(started.error());
    process = *std::move(started);
  }
  void shell(const std::string& script) { start(options({"/bin/sh", "-c", script})); }
  void run_to_end() {
    ASSERT_TRUE(run_until(loop, [&] { return status.has_value(); }));
  }

  Loop loop;
  std::vector<std::string> out;
  std::vector<std::string> err;
  std::optional<ExitStatus> status;
  std::unique_ptr<Subprocess> process;
};

/// A descriptor that becomes readable when that process ends.
Descriptor watch_end(pid_t pid) { return Descriptor{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))}; }
bool ends_soon(const Descriptor& end) {
  if (!end) return errno == ESRCH;
  pollfd wait{.fd = end.fd(), .events = POLLIN, .revents = 0};
  return poll(&wait, 1, 20'000) == 1;
}

TEST_F(SubprocessTest, brings_the_lines_of_both_outputs_and_then_the_end) {
  shell("echo one; echo two >&2; printf 'no newline'; exit 3");
  EXPECT_TRUE(process->is_running());
  run_to_end();
  EXPECT_THAT(out, ElementsAre("one", "no newline"));
  EXPECT_THAT(err, ElementsAre("two"));
  EXPECT_EQ(status->code, 3);
  EXPECT_FALSE(status->ok());
  EXPECT_EQ(status->to_string(), "exit code 3");
  EXPECT_FALSE(process->is_running());
}

TEST_F(SubprocessTest, loses_nothing_of_a_large_output) {
  shell("i=0; while [ $i -lt 20000 ]; do echo \"line number $i\"; i=$((i+1)); done");
  run_to_end();
  ASSERT_EQ(out.size(), 20'000U);
  EXPECT_EQ(out.back(), "line number 19999");
}

TEST_F(SubprocessTest, passes_arguments_without_a_shell_and_an_environment_of_its_own) {
  auto with = options({"/usr/bin/env"});
  with.environment = std::vector<std::string>{"A=1 $(x)", "B=2"};
  start(std::move(with));
  run_to_end();
  EXPECT_THAT(out, ElementsAre("A=1 $(x)", "B=2"));
  out.clear();
  status.reset();
  start(options({"/bin/echo", "a b", "$HOME;`x`"}));
  run_to_end();
  EXPECT_THAT(out, ElementsAre("a b $HOME;`x`"));
}

TEST_F(SubprocessTest, a_long_environment_arrives_as_it_is) {  // it was read after it had been freed
  std::vector<std::string> given;
  for (std::size_t i = 0; i < 64; ++i)
    given.push_back("NAME_" + std::to_string(i) + "=" + std::string(100 + 50 * i, 'v'));
  auto with = options({"/usr/bin/env"});
  with.environment = given;
  start(std::move(with));
  run_to_end();
  EXPECT_EQ(std::vector<std::string>(out.begin(), out.end()), given);
}

TEST_F(SubprocessTest, says_why_a_program_cannot_be_started) {
  const auto missing = Subprocess::start(loop, options({"/no/such/program"}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::configuration);
  EXPECT_THAT(missing.error().detail, HasSubstr("cannot start \"/no/such/program\": No such file"));
  const auto not_a_program = Subprocess::start(loop, options({"/etc/passwd"}));
  ASSERT_FALSE(not_a_program);
  EXPECT_THAT(not_a_program.error().detail, HasSubstr("Permission denied"));
  EXPECT_FALSE(Subprocess::start(loop, options({})));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

TEST_F(SubprocessTest, the_child_has_three_descriptors_even_if_ours_are_inheritable) {
  const int leaky = ::open("/dev/null", O_RDONLY);
  const int high = ::fcntl(leaky, F_DUPFD, 200);
  start(options({"/bin/ls", "-1", "/proc/self/fd"}));
  run_to_end();
  ::close(leaky);
  ::close(high);
  EXPECT_THAT(out, ElementsAre("0", "1", "2", "3")) << "3 is the directory that ls reads";
}

TEST_F(SubprocessTest, the_child_has_no_input_no_blocked_and_no_ignored_signals) {
  ignore_sigpipe();
  start(options({"/bin/sh", "-c", "read x || echo no input; grep -E 'Sig(Blk|Ign)' /proc/self/status"}));
  run_to_end();
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0], "no input");
  EXPECT_THAT(out[1], HasSubstr("0000000000000000"));
  EXPECT_THAT(out[2], HasSubstr("0000000000000000"));
}

TEST_F(SubprocessTest, waits_for_a_line) {
  shell("echo starting; echo 'ready on port 7' >&2; exec sleep 100");
  std::optional<Result<std::string>> line;
  process->when_line("ready", now() + patience, [&](Result<std::string> got) { line.emplace(std::move(got)); });
  ASSERT_TRUE(run_until(loop, [&] { return line.has_value(); }));
  ASSERT_TRUE(*line);
  EXPECT_EQ(line->value(), "ready on port 7");
  EXPECT_TRUE(process->is_running());
}

TEST_F(SubprocessTest, says_when_the_line_cannot_come_any_more) {
  shell("echo bad luck; exit 4");
  std::optional<Result<std::string>> line;
  const auto note = [&](Result<std::string> got) { line.emplace(std::move(got)); };
  process->when_line("ready", now() + patience, note);
  ASSERT_TRUE(run_until(loop, [&] { return line.has_value(); }));
  ASSERT_FALSE(*line);
  EXPECT_EQ(line->error().fault, Fault::connection_lost);
  EXPECT_THAT(line->error().detail, HasSubstr("exit code 4"));
  line.reset();
  process->when_line("ready", now() + patience, note);
  ASSERT_TRUE(run_until(loop, [&] { return line.has_value(); }));
  EXPECT_FALSE(*line);
}

TEST_F(SubprocessTest, says_when_the_line_does_not_come_in_time) {
  shell("exec sleep 100");
  std::optional<Result<std::string>> line;
  process->when_line("ready", now() + 20ms, [&](Result<std::string> got) { line.emplace(std::move(got)); });
  ASSERT_TRUE(run_until(loop, [&] { return line.has_value(); }));
  ASSERT_FALSE(*line);
  EXPECT_EQ(line->error().fault, Fault::timeout);
}

TEST_F(SubprocessTest, ends_when_it_is_asked_to) {
  shell("trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(run_until(loop, [&] { return !out.empty(); }));
  process->terminate();
  run_to_end();
  EXPECT_TRUE(status->ok());
  EXPECT_THAT(out, ElementsAre("ready", "goodbye"));
}

TEST_F(SubprocessTest, is_killed_when_it_does_not_end_in_time) {
  shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(run_until(loop, [&] { return !out.empty(); }));
  process->terminate(50ms);
  run_to_end();
  EXPECT_EQ(status->signal, SIGKILL);
  EXPECT_EQ(status->to_string(), "signal 9 (Killed)");
}

TEST_F(SubprocessTest, takes_its_grandchildren_with_it) {
  shell("sleep 1000 & echo $!; exit 0");
  run_to_end();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_TRUE(ends_soon(watch_end(std::stoi(out[0]))));
}

TEST_F(SubprocessTest, is_gone_when_the_object_is) {
  shell("exec sleep 1000");
  const Descriptor end = watch_end(process->pid());
  process.reset();
  EXPECT_TRUE(ends_soon(end));
  run_for(loop, 10ms);
  EXPECT_FALSE(status) << "nobody is called";
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "reaped";
}

TEST_F(SubprocessTest, may_be_destroyed_in_each_callback) {
  auto with = options({"/bin/sh", "-c", "echo a; echo b; sleep 1000"});
  int lines = 0;
  with.on_line = [&](OutputStream, std::string_view) {
    ++lines;
    process.reset();
  };
  start(std::move(with));
  ASSERT_TRUE(run_until(loop, [&] { return !process; }));
  run_for(loop, 10ms);
  EXPECT_EQ(lines, 1);

  with = options({"/bin/true"});
  with.on_exit = [&](const ExitStatus&) { process.reset(); };
  start(std::move(with));
  ASSERT_TRUE(run_until(loop, [&] { return !process; }));

  shell("echo ready; exec sleep 1000");
  process->when_line("ready", now() + patience, [&](const Result<std::string>&) { process.reset(); });
  ASSERT_TRUE(run_until(loop, [&] { return !process; }));
}

TEST_F(SubprocessTest, costs_nothing_while_it_is_silent) {
  shell("exec sleep 1000");
  run_ready(loop);
  const Duration before = cpu_time();
  run_for(loop, 200ms);
  EXPECT_LT(cpu_time() - before, 20ms);
}

TEST_F(SubprocessTest, ends_with_its_parent_even_if_that_is_killed) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Descriptor read_end{ends[0]};
  Descriptor write_end{ends[1]};
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    Loop own;
    auto child = Subprocess::start(own, {.argv = {"/bin/sleep", "1000"}});
    const pid_t pid = child ? (*child)->pid() : -1;
    static_cast<void>(!write(write_end.fd(), &pid, sizeof pid));
    pause();
    _exit(0);
  }
  pid_t child = -1;
  ASSERT_EQ(read(read_end.fd(), &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_GT(child, 0);
  const Descriptor end = watch_end(child);
  ASSERT_TRUE(end);
  kill(parent, SIGKILL);
  EXPECT_EQ(waitpid(parent, nullptr, 0), parent);
  EXPECT_TRUE(ends_soon(end));
}

TEST_F(SubprocessTest, octets_go_through_its_input_and_come_back_as_they_are) {
  const Buffer sent = pattern(0, 3'000'000);  // many times what a pipe holds
  Buffer got;
  SubprocessOptions with = options({"/bin/cat"});
  with.input = true;
  with.on_octets = [&](Bytes octets) { append(got, octets); };
  start(std::move(with));
  for (std::size_t at = 0; at < sent.size(); at += 100'000) process->write(Bytes{sent}.subspan(at, 100'000));
  ASSERT_TRUE(run_until(loop, [&] { return got.size() >= sent.size(); }));
  EXPECT_TRUE(equal(got, sent));
  EXPECT_TRUE(out.empty()) << "octets instead of lines";
}

TEST_F(SubprocessTest, what_is_written_to_a_process_that_no_longer_reads_goes_nowhere) {
  ignore_sigpipe();
  SubprocessOptions with = options({"/bin/sh", "-c", "exec 0<&-; echo closed; sleep 1000"});
  with.input = true;
  start(std::move(with));
  ASSERT_TRUE(run_until(loop, [&] { return !out.empty(); }));
  for (int i = 0; i < 3; ++i) {
    process->write(pattern(0, 1'000'000));
    run_ready(loop);
  }
  EXPECT_TRUE(process->is_running());
  process.reset();
}

TEST_F(SubprocessTest, without_an_input_it_reads_the_end_and_writing_does_nothing) {
  start(options({"/bin/sh", "-c", "cat; echo end"}));
  process->write(as_bytes("not there\n"));
  run_to_end();
  EXPECT_THAT(out, ElementsAre("end"));
}

TEST_F(SubprocessTest, may_be_destroyed_while_its_octets_come) {
  SubprocessOptions with = options({"/bin/cat", "/dev/zero"});
  std::size_t got = 0;
  with.on_octets = [&](Bytes octets) {
    got += octets.size();
    process.reset();
  };
  start(std::move(with));
  ASSERT_TRUE(run_until(loop, [&] { return process == nullptr; }));
  const std::size_t then = got;
  run_ready(loop);
  EXPECT_EQ(got, then);
}

}  // namespace
}  // namespace louver::runtime
