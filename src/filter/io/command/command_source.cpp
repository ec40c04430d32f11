#include "filter/io/command/command_source.h"

#include <condition_variable>
#include <mutex>

#include "runtime/clock.h"
#include "runtime/loop_thread.h"
#include "runtime/subprocess.h"
#include "runtime/timer.h"

namespace louver::filter::command {
namespace {

using secret::Credential;
using CredentialPtr = std::shared_ptr<const Credential>;

/// What the sessions of all threads see.
class Shelf {
 public:
  void put(CredentialPtr credential, std::optional<TimePoint> until) {
    const std::lock_guard lock{mutex_};
    if (current_ == nullptr || !equal(current_->expose(), credential->expose()))
      before_ = std::exchange(current_, std::move(credential));
    until_ = until;
  }
  CredentialPtr current() const {
    const std::lock_guard lock{mutex_};
    return until_ && runtime::now() >= *until_ ? nullptr : current_;
  }
  std::vector<CredentialPtr> lately() const {
    const std::lock_guard lock{mutex_};
    std::vector<CredentialPtr> out;
    for (const CredentialPtr& one : {current_, before_}) {
      if (one != nullptr) out.push_back(one);
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  CredentialPtr current_, before_;
  std::optional<TimePoint> until_;
};

/// How the first run went, for the thread that waits for it.
class FirstRun {
 public:
  void tell(Result<> result) {
    const std::lock_guard lock{mutex_};
    if (!result_) result_ = std::move(result);
    told_.notify_all();
  }
  Result<> wait() {
    std::unique_lock lock{mutex_};
    told_.wait(lock, [&] { return result_.has_value(); });
    return *result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::optional<Result<>> result_;
};

/// Runs the program, one run at a time. Lives on its loop's thread.
class Runner {
 public:
  Runner(runtime::Loop& loop, const CommandOptions& options, Shelf& shelf, FirstRun& first)
      : loop_(loop), options_(options), shelf_(shelf), first_(first), timer_(loop), pause_(options.first_pause) {}

  void run() {
    printed_.clear();
    printed_.reserve(printed_most);  // no growth: no copies left behind
    runtime::SubprocessOptions made;
    made.argv = options_.command;
    made.environment = options_.environment;
    made.on_octets = [this](Bytes octets) { take(octets); };
    made.on_exit = [this](const runtime::ExitStatus& status) { on_exit(status); };
    auto started = runtime::Subprocess::start(loop_, std::move(made));
    if (!started) return fail(started.error().detail);
    process_ = *std::move(started);
    timer_.expires_at(runtime::now() + options_.answer_within, [this] { fail("it has not ended in time"); });
  }

 private:
  static constexpr std::size_t printed_most = secret::credential_bytes_most + 2;  // and the end of a line

  void take(Bytes octets) {
    if (printed_.size() + octets.size() > printed_most) return fail("it prints more than a credential can have");
    printed_.insert(printed_.end(), octets.begin(), octets.end());
  }

  void on_exit(const runtime::ExitStatus& status) {
    if (!status.ok()) return fail("it ended with " + status.to_string());
    auto made = Credential::make(printed_);
    if (!made) return fail("of what it printed: " + made.error().detail);
    process_.reset();
    printed_.clear();
    pause_ = options_.first_pause;
    const auto until = options_.valid_for ? std::optional{runtime::now() + *options_.valid_for} : std::nullopt;
    shelf_.put(*std::move(made), until);
    first_.tell({});
    timer_.cancel();
    if (until) run_in(*options_.valid_for * 3 / 4);
  }

  void fail(const std::string& why) {
    process_.reset();
    printed_.clear();
    const std::string what = "\"" + printable(options_.command.front()) + "\": " + why;
    first_.tell(Error{Fault::configuration, what});
    options_.tell(what);
    run_in(pause_);
    pause_ = std::min(pause_ * 2, options_.longest_pause);
  }

  void run_in(Duration pause) {
    timer_.expires_at(runtime::now() + pause, [this] { run(); });
  }

  runtime::Loop& loop_;
  const CommandOptions& options_;
  Shelf& shelf_;
  FirstRun& first_;
  tls::SecretBytes printed_;
  runtime::Timer timer_;  // the deadline of a run, or the time of the next
  Duration pause_;
  std::unique_ptr<runtime::Subprocess> process_;  // last: its callbacks use the rest
};

class CommandSource final : public secret::Source {
 public:
  CommandSource(CommandOptions options, std::unique_ptr<runtime::LoopThread> thread)
      : options_(std::move(options)),
        thread_(std::move(thread)),
        runner_(std::make_unique<Runner>(thread_->loop(), options_, shelf_, first_)) {}
  CommandSource(const CommandSource&) = delete;
  CommandSource& operator=(const CommandSource&) = delete;
  ~CommandSource() override {
    thread_->loop().post([runner = std::move(runner_)]() mutable { runner.reset(); });
  }

  Result<> run_first() {
    thread_->loop().post([runner = runner_.get()] { runner->run(); });
    return first_.wait();
  }
  CredentialPtr current() const override { return shelf_.current(); }
  std::vector<CredentialPtr> lately() const override { return shelf_.lately(); }

 private:
  CommandOptions options_;  // these outlive the thread
  Shelf shelf_;
  FirstRun first_;
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<Runner> runner_;  // used and destroyed on the thread
};

}  // namespace

Result<std::shared_ptr<const secret::Source>> make_command_source(CommandOptions options) {
  if (options.command.empty() || !options.tell)
    return Error{Fault::configuration, "no command, or nowhere to write to"};
  LOUVER_ASSIGN(auto thread, runtime::LoopThread::start());
  auto made = std::make_shared<CommandSource>(std::move(options), std::move(thread));
  LOUVER_TRY(made->run_first());
  return std::shared_ptr<const secret::Source>{std::move(made)};
}

}  // namespace louver::filter::command
