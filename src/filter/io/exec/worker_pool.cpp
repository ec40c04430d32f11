#include "filter/io/exec/worker_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include "filter/io/desk_engine.h"
#include "filter/io/exec/desk.h"

namespace louver::filter::exec {
namespace {

using WorkerPool = DeskEngine<Desk, PoolOptions>;

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
