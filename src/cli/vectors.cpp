#include "vectors/document.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/commands.h"

namespace louver::cli {
namespace {

constexpr std::size_t shown_most = 20;  // differences of one file

int complain(const std::string& where, const Error& error) {
  std::cerr << where << ": " << name_of(error.fault) << ": " << error.detail << '\n';
  return failed;
}

int verify_file(const std::string& name) {
  std::ifstream file{name, std::ios::binary};
  std::string text(vectors::file_octets_most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open()) return complain(name, Error{Fault::configuration, "cannot be read"});
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto document = vectors::parse(text);
  if (!document) return complain(name, document.error());
  const auto differences = vectors::verify(*document);
  if (!differences) return complain(name, differences.error());
  for (std::size_t i = 0; i < std::min(differences->size(), shown_most); ++i)
    std::cout << name << ": " << (*differences)[i] << '\n';
  if (differences->size() > shown_most) std::cout << name << ": and " << differences->size() - shown_most << " more\n";
  return differences->empty() ? ok : failed;
}

int make_files(const std::string& folder) {
  for (const auto& [name, inputs] : vectors::own_inputs()) {
    const auto document = vectors::compute(vectors::path_format, inputs);
    if (!document) return complain(name, document.error());
    std::ofstream file{std::filesystem::path{folder} / (name + ".json"), std::ios::binary};
    file << document->dump(1) << '\n';
    if (!file.flush()) return complain(name, Error{Fault::configuration, "cannot be written to " + folder});
  }
  return ok;
}

}  // namespace

void add_vectors(CLI::App& program, const Chosen& chosen) {
  CLI::App* vectors = program.add_subcommand("vectors", "makes and checks the test vectors of the protocol");
  vectors->require_subcommand(1);
  CLI::App* verify = vectors->add_subcommand("verify", "computes each file anew from its inputs and compares");
  const auto files = std::make_shared<std::vector<std::string>>();
  verify->add_option("FILE", *files, "vectors")->required();
  verify->callback([=] {
    chosen([=] {
      int worst = ok;
      for (const std::string& file : *files) worst = std::max(worst, verify_file(file));
      return worst;
    });
  });
  CLI::App* make = vectors->add_subcommand("make", "writes the project's own files");
  const auto folder = std::make_shared<std::string>();
  make->add_option("DIR", *folder, "an existing folder")->required();
  make->callback([=] { chosen([=] { return make_files(*folder); }); });
}

}  // namespace louver::cli
