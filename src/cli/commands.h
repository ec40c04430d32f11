#pragma once

#include <functional>

namespace CLI {
class App;
}

/// One function for each subcommand: declares it on the program's command line and says what to run.
namespace louver::cli {

/// What main returns: docs/operations.md "Exit codes".
enum ExitCode : int { ok = 0, failed = 1, usage = 2, refused = 3 };

using Run = std::function<int()>;
/// Where a subcommand leaves what is to be run once the command line has been read.
using Chosen = std::function<void(Run)>;

void add_agent(CLI::App& program, const Chosen& chosen);
void add_middlebox(CLI::App& program, const Chosen& chosen);
void add_gateway(CLI::App& program, const Chosen& chosen);
void add_pki(CLI::App& program, const Chosen& chosen);
void add_vectors(CLI::App& program, const Chosen& chosen);
void add_control(CLI::App& program, const Chosen& chosen);
void add_policy(CLI::App& program, const Chosen& chosen);
void add_audit(CLI::App& program, const Chosen& chosen);
void add_demo(CLI::App& program, const Chosen& chosen);
void add_bench(CLI::App& program, const Chosen& chosen);

}  // namespace louver::cli
