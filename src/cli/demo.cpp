#include "role/demo/demo.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "cli/commands.h"
#include "cli/open_log.h"
#include "cli/own_path.h"
#include "config/config.h"
#include "role/demo/agent_key/agent_key.h"
#include "role/demo/attempts.h"
#include "role/demo/insider.h"
#include "role/demo/pay/pay.h"
#include "role/demo/pay/shop.h"
#include "role/demo/scan.h"

namespace louver::cli {
namespace {

/// Colours only where somebody looks, and nobody has asked for none (no-color.org).
bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

struct InsiderOptions {
  std::string config, attempt, past;
};

/// A scanner gone bad: a process of the demonstration, started by it.
int run_insider(const InsiderOptions& options) {
  const auto complain = [](const std::string& what) {
    std::cerr << "louver demo-insider: " << what << '\n';
    return int{usage};
  };
  const auto attempt = role::demo::find_attempt(options.attempt);
  if (!attempt) return complain("there is no attempt \"" + printable(options.attempt) + "\"");
  const auto past = runtime::Endpoint::parse(options.past);
  if (!past) return complain(past.error().detail);
  auto config = config::load<config::Middlebox>(options.config);
  if (!config) return complain(config.error().detail);
  auto log = open_log(config->common.log);
  if (!log) return complain(log.error().detail);
  auto role = role::Middlebox::make(*std::move(config), **log, role::demo::insider_hooks(*attempt, *past));
  if (!role) return complain(role.error().detail);
  if (const auto opened = (*role)->open(); !opened) return complain(opened.error().detail);
  return (*role)->run();
}

void add_insider(CLI::App& program, const Chosen& chosen) {
  CLI::App* command = program.add_subcommand("demo-insider", "");
  command->group("");  // not in the help: only `louver demo` starts it
  auto options = std::make_shared<InsiderOptions>();
  command->add_option("--config", options->config)->required();
  command->add_option("--attempt", options->attempt)->required();
  command->add_option("--past", options->past)->required();
  command->final_callback([options, chosen] { chosen([options] { return run_insider(*options); }); });
}

void add_scan(CLI::App& demo, const Chosen& chosen) {
  CLI::App* command =
      demo.add_subcommand("scan", "uploads and downloads through c-icap with ClamAV, which sees no cookie");
  auto options = std::make_shared<role::demo::ScanDemoOptions>();
  command->add_flag("--without-signature", options->without_signature,
                    "let the scanner not know the test virus, to see the checks fail");
  command->add_flag("--keep", options->keep, "leave the directory with certificates, files and logs");
  command->final_callback([options, chosen] {
    chosen([options]() -> int {
      options->program = own_path();
      options->colour = wants_colour();
      return role::demo::run_scan_demo(*options, std::cout, std::cerr);
    });
  });
}

void add_agent_key(CLI::App& demo, const Chosen& chosen) {
  CLI::App* command = demo.add_subcommand(
      "agent-key", "a program uses a key that it never has, through a vault that sees none of its prompts");
  auto options = std::make_shared<role::demo::agent_key::Options>();
  command->add_flag_callback(
      "--unwatched", [options] { options->vault_watches = false; },
      "let the vault not look for the key in answers: then it comes back, a check fails, and the exit code is 1");
  command->add_flag("--keep", options->keep, "leave the directory with certificates, key and configuration files");
  command->final_callback([options, chosen] {
    chosen([options]() -> int {
      options->program = own_path();
      options->colour = wants_colour();
      return role::demo::agent_key::run_demo(*options, std::cout, std::cerr);
    });
  });
}

void add_pay(CLI::App& demo, const Chosen& chosen) {
  CLI::App* command = demo.add_subcommand(
      "pay", "a form goes to a bank through a shop, which fills in the order and never sees the card");
  auto options = std::make_shared<role::demo::pay::Options>();
  command->add_flag("--browse", options->browse, "print an address for a browser and stay, until a signal asks to end");
  command->add_flag_callback(
      "--unlifted", [options] { options->lifts = false; },
      "let the card stand in the form: then the shop sees it, checks fail, and the exit code is 1");
  command->add_flag("--keep", options->keep, "leave the directory with certificates, configuration files and logs");
  command->final_callback([options, chosen] {
    chosen([options]() -> int {
      options->program = own_path();
      options->colour = wants_colour();
      return role::demo::pay::run_demo(*options, std::cout, std::cerr);
    });
  });
}

/// The shop's worker: a process that its middlebox starts.
void add_shop(CLI::App& program, const Chosen& chosen) {
  CLI::App* command = program.add_subcommand("demo-shop", "");
  command->group("");
  command->final_callback([chosen] { chosen([] { return role::demo::pay::run_shop(std::cin, std::cout); }); });
}

}  // namespace

void add_demo(CLI::App& program, const Chosen& chosen) {
  CLI::App* command =
      program.add_subcommand("demo", "show a whole path on this machine, and what each party of it sees");
  auto options = std::make_shared<role::demo::DemoOptions>();
  command->add_flag("--cheat", options->cheat,
                    "show too what becomes of a middlebox's attempts to do more than it may");
  command->add_flag("--json", options->json, "print one JSON object instead of text");
  command->add_option("--origin", options->real_origin,
                      "fetch this http:// URL through the path instead of asking the embedded origin");
  command->add_flag("--own-client", options->own_client, "make the requests without curl, even if it is installed");
  command->add_flag("--keep", options->keep, "leave the directory with certificates and configuration files");
  add_scan(*command, chosen);
  add_agent_key(*command, chosen);
  add_pay(*command, chosen);
  command->final_callback([command, options, chosen] {
    if (!command->get_subcommands().empty()) return;  // which has chosen
    chosen([options]() -> int {
      options->program = own_path();
      if (options->program.empty()) {
        std::cerr << "louver demo: /proc/self/exe cannot be read\n";
        return usage;
      }
      options->colour = wants_colour();
      return role::demo::run_demo(*options, std::cout, std::cerr);
    });
  });
  add_insider(program, chosen);
  add_shop(program, chosen);
}

}  // namespace louver::cli
