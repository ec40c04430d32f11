#include "runtime/subprocess.h"

#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/clock.h"
#include "runtime/line_reader.h"
#include "runtime/loop.h"
#include "runtime/spawn.h"
#include "runtime/timer.h"
#include "runtime/watch.h"

namespace louver::runtime {

namespace {

constexpr int pipe_reads_in_a_turn = 4;
constexpr int reads_after_the_end = 64;  // of a pipe's usual 64 KiB there is nothing left after these

}  // namespace

std::string ExitStatus::to_string() const {
  if (code) return "exit code " + std::to_string(*code);
  const char* name = sigdescr_np(signal);
  return "signal " + std::to_string(signal) + " (" + (name != nullptr ? name : "unknown") + ")";
}

class Subprocess::Process : public std::enable_shared_from_this<Subprocess::Process> {
 public:
  Process(Loop& loop, SubprocessOptions options)
      : loop_(loop),
        options_(std::move(options)),
        outputs_{Output{OutputStream::out, options_.most_line_bytes},
                 Output{OutputStream::err, options_.most_line_bytes}},
        kill_(loop),
        line_deadline_(loop) {}

  Result<> adopt(Spawned spawned);
  void when_line(std::string text, TimePoint deadline, std::function<void(Result<std::string>)> callback);
  void write(Bytes octets);
  void terminate(Duration grace);
  void drop();

  pid_t pid() const { return pid_; }
  bool is_running() const { return running_; }

 private:
  struct Output {
    Output(OutputStream which, std::size_t most_line_bytes) : stream(which), lines(most_line_bytes) {}
    OutputStream stream;
    LineReader lines;
    Watch watch{};
  };
  enum class Read : std::uint8_t { more, nothing_now, end };

  Result<> watch_output(Output& output, Descriptor pipe);
  Result<> watch_input(Descriptor pipe);
  void write_turn();
  void read_turn(Output& output);
  Read read_once(Output& output);
  bool on_line(OutputStream stream, std::string_view line);
  void on_ended();
  void drain(Output& output);
  ExitStatus reap();
  void answer_line(Result<std::string> result);

  Loop& loop_;
  SubprocessOptions options_;
  pid_t pid_ = -1;
  bool running_ = false;
  bool dropped_ = false;
  Watch ended_;
  std::array<Output, 2> outputs_;
  Watch input_;
  Buffer unwritten_;
  Timer kill_;
  Timer line_deadline_;
  std::string wanted_text_;
  std::function<void(Result<std::string>)> on_wanted_line_;
};

Result<> Subprocess::Process::adopt(Spawned spawned) {
  pid_ = spawned.pid;
  running_ = true;
  auto weak = weak_from_this();
  LOUVER_ASSIGN(ended_, Watch::open(loop_, std::move(spawned.ended),
                                    {.on_readable =
                                         [weak] {
                                           if (const auto self = weak.lock()) self->on_ended();
                                         },
                                     .on_writable = {}}));
  ended_.wait_readable();
  if (spawned.in) LOUVER_TRY(watch_input(std::move(spawned.in)));
  LOUVER_TRY(watch_output(outputs_[0], std::move(spawned.out)));
  return watch_output(outputs_[1], std::move(spawned.err));
}

Result<> Subprocess::Process::watch_output(Output& output, Descriptor pipe) {
  auto weak = weak_from_this();
  LOUVER_ASSIGN(output.watch, Watch::open(loop_, std::move(pipe),
                                          {.on_readable =
                                               [weak, &output] {
                                                 if (const auto self = weak.lock()) self->read_turn(output);
                                               },
                                           .on_writable = {}}));
  output.watch.wait_readable();
  return {};
}

Result<> Subprocess::Process::watch_input(Descriptor pipe) {
  auto weak = weak_from_this();
  LOUVER_ASSIGN(input_, Watch::open(loop_, std::move(pipe), {.on_readable = {}, .on_writable = [weak] {
                                                               if (const auto self = weak.lock()) self->write_turn();
                                                             }}));
  return {};
}

void Subprocess::Process::write(Bytes octets) {
  if (!input_) return;
  const bool waits = !unwritten_.empty();
  append(unwritten_, octets);
  if (!waits) write_turn();
}

void Subprocess::Process::write_turn() {
  std::size_t done = 0;
  while (done < unwritten_.size()) {
    const ssize_t put = ::write(input_.fd(), unwritten_.data() + done, unwritten_.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {  // it has closed its input
      unwritten_.clear();
      return input_.close();
    }
    if (put < 0) break;
    done += static_cast<std::size_t>(put);
  }
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(done));
  if (!unwritten_.empty()) input_.wait_writable();
}

void Subprocess::Process::read_turn(Output& output) {
  for (int i = 0; i < pipe_reads_in_a_turn; ++i) {
    const Read read = read_once(output);
    if (read == Read::end) return output.watch.close();
    if (read == Read::nothing_now) break;
  }
  if (output.watch) output.watch.wait_readable();
}

Subprocess::Process::Read Subprocess::Process::read_once(Output& output) {
  if (!output.watch) return Read::end;
  std::array<char, std::size_t{16} * 1024> text;
  ssize_t got = 0;
  do {
    got = ::read(output.watch.fd(), text.data(), text.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Read::nothing_now;
  const OutputStream stream = output.stream;
  const auto each = [this, stream](std::string_view line) { return on_line(stream, line); };
  if (got <= 0) {
    output.lines.end(each);
    return Read::end;
  }
  if (stream == OutputStream::out && options_.on_octets) {
    if (!dropped_) options_.on_octets(Bytes{std::as_bytes(std::span{text.data(), static_cast<std::size_t>(got)})});
    return dropped_ ? Read::end : Read::more;
  }
  output.lines.add({text.data(), static_cast<std::size_t>(got)}, each);
  return Read::more;
}

/// False once the owner is gone.
bool Subprocess::Process::on_line(OutputStream stream, std::string_view line) {
  if (dropped_) return false;
  if (options_.on_line) options_.on_line(stream, line);
  if (!dropped_ && on_wanted_line_ && line.find(wanted_text_) != std::string_view::npos) answer_line(std::string{line});
  return !dropped_;
}

void Subprocess::Process::on_ended() {
  ::kill(-pid_, SIGKILL);  // what is left of its group; the number is ours until it is reaped
  const ExitStatus status = reap();
  for (Output& output : outputs_) drain(output);
  input_.close();
  kill_.cancel();
  ended_.close();
  if (on_wanted_line_)
    answer_line(Error{Fault::connection_lost, options_.argv.front() + " ended: " + status.to_string()});
  if (!dropped_ && options_.on_exit) options_.on_exit(status);
}

void Subprocess::Process::drain(Output& output) {
  for (int i = 0; i < reads_after_the_end; ++i) {
    if (read_once(output) != Read::more) break;
  }
  output.watch.close();
}

ExitStatus Subprocess::Process::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) break;
  }
  running_ = false;
  if (WIFEXITED(status)) return {.code = WEXITSTATUS(status)};
  return {.code = std::nullopt, .signal = WTERMSIG(status)};
}

void Subprocess::Process::when_line(std::string text, TimePoint deadline,
                                    std::function<void(Result<std::string>)> callback) {
  wanted_text_ = std::move(text);
  on_wanted_line_ = std::move(callback);
  if (!running_) {
    return loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock())
        self->answer_line(Error{Fault::connection_lost, self->options_.argv.front() + " has ended"});
    });
  }
  line_deadline_.expires_at(deadline, [this] {
    answer_line(Error{Fault::timeout, options_.argv.front() + " did not print \"" + wanted_text_ + "\" in time"});
  });
}

void Subprocess::Process::answer_line(Result<std::string> result) {
  const auto callback = std::exchange(on_wanted_line_, nullptr);
  line_deadline_.cancel();
  if (callback) callback(std::move(result));
}

void Subprocess::Process::terminate(Duration grace) {
  if (!running_) return;
  ::kill(-pid_, SIGTERM);
  kill_.expires_at(now() + grace, [this] {
    if (running_) ::kill(-pid_, SIGKILL);
  });
}

void Subprocess::Process::drop() {
  dropped_ = true;
  on_wanted_line_ = nullptr;
  if (running_) {
    ::kill(-pid_, SIGKILL);
    reap();
  }
  ended_.close();
  for (Output& output : outputs_) output.watch.close();
  input_.close();
  kill_.cancel();
  line_deadline_.cancel();
}

Result<std::unique_ptr<Subprocess>> Subprocess::start(Loop& loop, SubprocessOptions options) {
  LOUVER_ASSIGN(Spawned spawned, spawn(options.argv, options.environment, options.input ? Input::pipe : Input::null));
  std::unique_ptr<Subprocess> out{new Subprocess{std::make_shared<Process>(loop, std::move(options))}};
  LOUVER_TRY(out->process_->adopt(std::move(spawned)));
  return out;
}

Subprocess::~Subprocess() { process_->drop(); }

pid_t Subprocess::pid() const { return process_->pid(); }
bool Subprocess::is_running() const { return process_->is_running(); }

void Subprocess::when_line(std::string text, TimePoint deadline, std::function<void(Result<std::string>)> callback) {
  process_->when_line(std::move(text), deadline, std::move(callback));
}

void Subprocess::write(Bytes octets) { process_->write(octets); }

void Subprocess::terminate(Duration grace) { process_->terminate(grace); }

}  // namespace louver::runtime
