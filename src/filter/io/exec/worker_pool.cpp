#include "filter/io/exec/worker_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "filter/io/exec/desk.h"
#include "runtime/loop_thread.h"

namespace louver::filter::exec {
namespace {

class WorkerPool final : public ask::Engine {
 public:
  WorkerPool(PoolOptions options, std::unique_ptr<runtime::LoopThread> thread)
      : options_(std::move(options)),
        thread_(std::move(thread)),
        desk_(std::make_unique<Desk>(thread_->loop(), options_)) {}
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool() override {
    thread_->loop().post([desk = std::move(desk_)]() mutable { desk.reset(); });
  }

  void warm_up() override {
    thread_->loop().post([desk = desk_.get()] { desk->warm_up(); });
  }
  std::uint64_t ask(ask::Question question, Done done) override {
    const std::uint64_t number = ++last_;
    thread_->loop().post(
        [desk = desk_.get(), number, question = std::move(question), done = std::move(done)]() mutable {
          desk->ask(number, std::move(question), std::move(done));
        });
    return number;
  }
  void forget(std::uint64_t number) override {
    thread_->loop().post([desk = desk_.get(), number] { desk->forget(number); });
  }

 private:
  PoolOptions options_;  // outlives the thread
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<Desk> desk_;  // used and destroyed on the thread
  std::atomic<std::uint64_t> last_ = 0;
};

Error wrong(const std::string& what) { return {Fault::configuration, "filter exec: " + what}; }

Result<> check_program(const std::vector<std::string>& command) {
  if (command.empty()) return wrong("no command");
  const std::string& program = command.front();
  const std::string name = "\"" + printable(program) + "\"";
  if (!program.starts_with('/')) return wrong(name + ": a program is named by its path from the root");
  struct stat status {};
  if (::stat(program.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return wrong(name + " is no file");
  if (::access(program.c_str(), X_OK) != 0) return wrong(name + " may not be run by this user");
  return {};
}

}  // namespace

Result<std::shared_ptr<ask::Engine>> make_pool(PoolOptions options) {
  LOUVER_TRY(check_program(options.command));
  if (options.workers == 0 || options.answer_within <= Duration{}) return wrong("no workers, or no time to answer");
  if (!options.tell) return wrong("it has nowhere to write to");
  LOUVER_ASSIGN(auto thread, runtime::LoopThread::start());
  return std::shared_ptr<ask::Engine>{std::make_shared<WorkerPool>(std::move(options), std::move(thread))};
}

}  // namespace louver::filter::exec
