#include "measure/bench.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "measure/path_files.h"
#include "measure/report.h"
#include "measure/rounds.h"
#include "role/demo/exit.h"
#include "runtime/loop.h"

namespace louver::measure {
namespace {

/// This process has both ends of each connection open, the middlebox two.
/// @fault configuration  the system does not let us
Result<> allow_files(const Sizes& sizes) {
  constexpr rlim_t besides = 200;
  const rlim_t needed = 2 * (idle_batches_before + sizes.rounds) * sizes.idle_sessions + besides;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return Error{Fault::configuration, std::string{"the limit of open files: "} + std::strerror(errno)};
  if (files.rlim_cur >= needed) return {};
  if (files.rlim_max < needed) {
    return Error{Fault::configuration, std::to_string(needed) + " open files are needed, and " +
                                           std::to_string(files.rlim_max) + " are allowed: see ulimit -Hn"};
  }
  files.rlim_cur = needed;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0)
    return Error{Fault::configuration, std::string{"the limit of open files: "} + std::strerror(errno)};
  return {};
}

Result<Outcome> measure_all(runtime::Loop& loop, const BenchOptions& options, std::ostream& talk) {
  Sizes sizes = sizes_for(options.quick);
  if (options.megabytes) sizes.bulk_octets = std::uint64_t{*options.megabytes} * 1'000'000;
  Outcome out{.machine = look_at_machine(), .figures = {}};
  LOUVER_TRY(allow_files(sizes));
  talk << "starting gateway, middlebox and two agents ..." << std::endl;
  LOUVER_ASSIGN(const std::unique_ptr<Path> path, Path::start(loop, options.program));
  LOUVER_ASSIGN(const Handshakes handshakes,
                Handshakes::prepare(path->certificates(), std::string{members[alice_at].name},
                                    std::string{members[gate_at].name}));
  talk << "measuring ..." << std::endl;
  LOUVER_ASSIGN(out.figures, measure_rounds(*path, handshakes, sizes));
  return out;
}

}  // namespace

int run_bench(const BenchOptions& options, std::ostream& out, std::ostream& talk) {
  runtime::ignore_sigpipe();
  runtime::Loop loop;
  const auto outcome = measure_all(loop, options, talk);
  if (outcome && options.json) write_json(*outcome, out);
  if (outcome && !options.json) write_text(*outcome, out);
  return role::demo::exit_code(outcome ? Result<bool>{true} : Result<bool>{outcome.error()}, "louver bench", out, talk);
}

}  // namespace louver::measure
