#pragma once

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/open_log.h"
#include "config/advice.h"
#include "config/config.h"

namespace louver::cli {

/// A subcommand that reads a configuration file and serves until it is told to end.
///
/// Exit 2 and one line for whatever is wrong with the file or what it names, before anything is started.
/// @param more_advice  what looks odd beside what config::advice() says
template <class Config, class Role>
void add_serving_command(CLI::App& program, const std::string& name, const std::string& what, const Chosen& chosen,
                         std::vector<std::string> (*more_advice)(const Config&) = nullptr) {
  CLI::App* command = program.add_subcommand(name, what);
  auto path = std::make_shared<std::string>();
  auto check = std::make_shared<bool>(false);
  command->add_option("-c,--config", *path, "the TOML file (docs/operations.md)")->required();
  command->add_flag("--check", *check,
                    "load everything that the file names, say what is wrong or odd, and end; nothing is opened");
  command->final_callback([path, check, more_advice, chosen] {
    chosen([path, check, more_advice]() -> int {
      auto config = config::load<Config>(*path);
      if (!config) {
        std::cerr << config.error().detail << '\n';
        return usage;
      }
      std::vector<std::string> advice = config::advice(*config);
      if (more_advice != nullptr) std::ranges::move(more_advice(*config), std::back_inserter(advice));
      for (const std::string& line : advice) std::cerr << "warning: " << line << '\n';
      auto log = open_log(config->common.log);
      if (!log) {
        std::cerr << log.error().detail << '\n';
        return usage;
      }
      auto role = Role::make(*std::move(config), **log);
      if (!role) {
        std::cerr << role.error().detail << '\n';
        return usage;
      }
      if (*check) {
        std::cout << *path << ": all right\n";
        return ok;
      }
      if (const auto opened = (*role)->open(); !opened) {
        std::cerr << opened.error().detail << '\n';
        return usage;
      }
      return (*role)->run();
    });
  });
}

}  // namespace louver::cli
