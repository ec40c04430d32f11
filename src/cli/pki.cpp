#include "tls/pki.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include <spdlog/fmt/chrono.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "runtime/clock.h"
#include "runtime/files.h"

namespace louver::cli {
namespace {

constexpr std::size_t pem_bytes_most = 256 * 1024;
constexpr int days_most = 3650;

int complain_of_pki(const Error& error) {
  std::cerr << "louver pki: " << error.detail << '\n';
  return error.fault == Fault::configuration || error.fault == Fault::bad_value ? usage : failed;
}

Result<std::string> read_text(const std::string& path) {
  LOUVER_ASSIGN(const Buffer bytes, runtime::read_file_checked(path, pem_bytes_most));
  return std::string{as_text(bytes)};
}

Result<> write_pair(const std::string& certificate_path, std::string_view certificate, const std::string& key_path,
                    std::string_view key) {
  LOUVER_TRY(runtime::write_private_file(key_path, as_bytes(key)));
  return runtime::write_public_file(certificate_path, as_bytes(certificate));
}

std::string time_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

struct InitOptions {
  std::string directory, name = "Louver authority";
  int days = 365;
};

/// Makes DIR/ca.pem and DIR/ca.key.
Result<> init(const InitOptions& options) {
  if (mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{Fault::configuration, options.directory + ": " + std::strerror(errno)};
  }
  LOUVER_ASSIGN(const tls::pki::Authority made,
                tls::pki::create_authority({options.name, std::chrono::hours{24 * options.days}}, runtime::wall_now()));
  const std::string base = options.directory + "/ca";
  LOUVER_TRY(write_pair(base + ".pem", made.certificate_pem, base + ".key", made.key_pem));
  std::cout << base << ".pem\n" << base << ".key\n";
  return {};
}

struct IssueOptions {
  std::string directory, role;
  std::vector<std::string> names;
  std::string out;
  int days = 90;
};

Result<> issue(const IssueOptions& options) {
  if (struct stat there{}; stat((options.directory + "/ca.pem").c_str(), &there) != 0 && errno == ENOENT) {
    return Error{Fault::configuration,
                 options.directory + ": there is no authority in it; run: louver pki init " + options.directory};
  }
  tls::pki::Authority authority;
  LOUVER_ASSIGN(authority.certificate_pem, read_text(options.directory + "/ca.pem"));
  LOUVER_TRY(runtime::read_private_file(options.directory + "/ca.key", pem_bytes_most, [&](Bytes bytes) -> Result<> {
    authority.key_pem = std::string{as_text(bytes)};
    return {};
  }));
  const tls::Role role = options.role == "client"   ? tls::Role::client
                         : options.role == "server" ? tls::Role::server
                                                    : tls::Role::middlebox;
  const tls::pki::LeafRequest request{role, options.names, std::chrono::hours{24 * options.days}};
  LOUVER_ASSIGN(const tls::pki::Issued made, tls::pki::issue(authority, request, runtime::wall_now()));
  const std::string base = options.out.empty() ? options.directory + "/" + options.names.front() : options.out;
  LOUVER_TRY(write_pair(base + ".pem", made.chain_pem, base + ".key", made.key_pem));
  std::cout << base << ".pem\n" << base << ".key\n";
  return {};
}

Result<> show(const std::string& path, bool json) {
  LOUVER_ASSIGN(const std::string pem, read_text(path));
  auto described = tls::pki::describe(pem);
  if (!described) return Error{Fault::configuration, path + ": " + described.error().detail};
  nlohmann::json all = nlohmann::json::array();
  for (const tls::pki::Description& one : *described) {
    if (json) {
      all.push_back({{"subject", one.subject},
                     {"issuer", one.issuer},
                     {"serial", one.serial},
                     {"names", one.names},
                     {"role", one.role},
                     {"not_before", time_text(one.not_before)},
                     {"not_after", time_text(one.not_after)},
                     {"sha256", to_hex(one.leaf_hash)}});
      continue;
    }
    std::cout << "subject     " << one.subject << "\nissuer      " << one.issuer << "\nserial      " << one.serial
              << "\nrole        " << one.role << '\n';
    for (const std::string& name : one.names) std::cout << "name        " << name << '\n';
    std::cout << "not before  " << time_text(one.not_before) << "\nnot after   " << time_text(one.not_after)
              << "\nsha256      " << to_hex(one.leaf_hash) << "\n\n";
  }
  if (json) std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  return {};
}

int finish_pki(const Result<>& result) { return result ? int{ok} : complain_of_pki(result.error()); }

void add_init(CLI::App& pki, const Chosen& chosen) {
  CLI::App* command = pki.add_subcommand("init", "make a certificate authority: DIR/ca.pem and DIR/ca.key");
  auto options = std::make_shared<InitOptions>();
  command->add_option("directory", options->directory, "where it goes; made if it is not there")->required();
  command->add_option("--name", options->name, "common name of the authority")->capture_default_str();
  command->add_option("--days", options->days, "how long it is valid")
      ->check(CLI::Range(1, days_most))
      ->capture_default_str();
  command->final_callback([options, chosen] { chosen([options] { return finish_pki(init(*options)); }); });
}

void add_issue(CLI::App& pki, const Chosen& chosen) {
  CLI::App* command = pki.add_subcommand("issue", "issue a certificate for one role, with a key of its own");
  auto options = std::make_shared<IssueOptions>();
  command->add_option("directory", options->directory, "the authority's directory")->required();
  command->add_option("--role", options->role, "client, middlebox or server")
      ->required()
      ->check(CLI::IsMember({"client", "middlebox", "server"}));
  command->add_option("--name", options->names, "DNS name or SPIFFE id; may be given several times")->required();
  command->add_option("--out", options->out, "files OUT.pem and OUT.key instead of DIRECTORY/NAME.pem and .key");
  command->add_option("--days", options->days, "how long it is valid")
      ->check(CLI::Range(1, days_most))
      ->capture_default_str();
  command->final_callback([options, chosen] { chosen([options] { return finish_pki(issue(*options)); }); });
}

void add_show(CLI::App& pki, const Chosen& chosen) {
  CLI::App* command = pki.add_subcommand("show", "print what a certificate file says");
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("file", *path, "PEM")->required();
  command->add_flag("--json", *json, "as JSON");
  command->final_callback([path, json, chosen] { chosen([path, json] { return finish_pki(show(*path, *json)); }); });
}

}  // namespace

void add_pki(CLI::App& program, const Chosen& chosen) {
  CLI::App* pki = program.add_subcommand("pki", "a certificate authority for role-bound certificates");
  pki->require_subcommand(1);
  add_init(*pki, chosen);
  add_issue(*pki, chosen);
  add_show(*pki, chosen);
}

}  // namespace louver::cli
