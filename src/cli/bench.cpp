#include "measure/bench.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/own_path.h"

namespace louver::cli {

void add_bench(CLI::App& program, const Chosen& chosen) {
  CLI::App* command = program.add_subcommand("bench", "measure what a path of Louver's costs on this machine");
  command->footer(
      "Starts a gateway, a middlebox and agents of its own on loopback, and says for each party: CPU for 10^9 octets\n"
      "under each grant, CPU for a joined session and for a new association, memory of an idle session; and round\n"
      "trips of 100 octets. Beside it stands what this machine can: the cipher alone, a TLS handshake. It compares\n"
      "with no other program: in the repository, ./dev bench does. Leave the machine alone meanwhile: least and\n"
      "greatest of the rounds say how much it was disturbed.");
  auto options = std::make_shared<measure::BenchOptions>();
  command
      ->add_option("--megabytes", options->megabytes,
                   "octets sent under each grant in each round, in 10^6; default 50, with --quick 8")
      ->check(CLI::Range(std::uint32_t{1}, measure::megabytes_most));
  command->add_flag("--quick", options->quick, "everything smaller, for a first look");
  command->add_flag("--json", options->json, "print one JSON object instead of text");
  command->final_callback([options, chosen] {
    chosen([options]() -> int {
      options->program = own_path();
      if (options->program.empty()) {
        std::cerr << "louver bench: /proc/self/exe cannot be read\n";
        return usage;
      }
      return measure::run_bench(*options, std::cout, std::cerr);
    });
  });
}

}  // namespace louver::cli
