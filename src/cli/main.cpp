#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "base/version.h"
#include "cli/commands.h"
#include "crypto/aead.h"
#include "crypto/library.h"

namespace louver::cli {
namespace {

std::string version_text() {
  // `real_cryptography` is not defined by the null cryptography of the fuzzers, so that this program cannot be linked
  // with it.
  return std::string{"louver "} + LOUVER_VERSION + "\n" + std::string{crypto::library_version()} +
         (crypto::real_cryptography ? "" : " (null cryptography)");
}

int run(int argc, char** argv) {
  CLI::App program{"Multi-party secure transport: a client, a server, and the middleboxes that both name and approve.",
                   "louver"};
  program.set_version_flag("--version", version_text());
  program.require_subcommand(1);
  program.fallthrough(false);
  Run chosen;
  const Chosen choose = [&chosen](Run what) { chosen = std::move(what); };
  add_demo(program, choose);
  add_bench(program, choose);
  add_agent(program, choose);
  add_gateway(program, choose);
  add_middlebox(program, choose);
  add_control(program, choose);
  add_pki(program, choose);
  add_policy(program, choose);
  add_audit(program, choose);
  add_vectors(program, choose);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? ok : usage;
  }
  return chosen ? chosen() : usage;
}

}  // namespace
}  // namespace louver::cli

int main(int argc, char** argv) {
  try {
    return louver::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "louver: " << error.what() << '\n';
    return louver::cli::failed;
  }
}
