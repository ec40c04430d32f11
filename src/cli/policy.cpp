#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "role/policy/report.h"

namespace louver::cli {
namespace {

namespace policy = role::policy;

struct PolicyRequest {
  std::vector<std::string> files;
  bool matrices = false, json = false, svg = false, strict = false;
};

/// What filters would tell a service's log is nobody's business here, short of errors.
Result<std::unique_ptr<observe::Log>> quiet_log() {
  observe::LogOptions options;
  options.least = observe::Level::error;
  return observe::Log::open(std::move(options));
}

void print(const PolicyRequest& request, const policy::Report& report) {
  if (request.json) return policy::write_json(report, std::cout);
  if (request.svg) return policy::write_svg(report, std::cout);
  if (request.matrices) return policy::write_text(report, std::cout);
  policy::write_findings(report, std::cout);
}

int judge(const PolicyRequest& request) {
  const auto complain = [](const Error& error) {
    std::cerr << error.detail << '\n';
    return usage;
  };
  const auto log = quiet_log();
  if (!log) return complain(log.error());
  const auto files = policy::read_files(request.files);
  if (!files) return complain(files.error());
  auto paths = policy::judge(*files, **log);
  if (!paths) return complain(paths.error());
  policy::Report report{*std::move(paths), {}};
  report.findings = policy::all_findings(*files, report.paths);
  print(request, report);
  if (!std::cout.flush()) {
    std::cerr << "louver policy: the output cannot be written\n";
    return failed;
  }
  if (!report.agreed()) return refused;
  return request.strict && !report.findings.empty() ? failed : ok;
}

}  // namespace

void add_policy(CLI::App& program, const Chosen& chosen) {
  CLI::App* command = program.add_subcommand("policy", "says who may do what under one or several configurations");
  command->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& what, bool matrices) {
    CLI::App* one = command->add_subcommand(name, what);
    auto request = std::make_shared<PolicyRequest>();
    request->matrices = matrices;
    one->add_option("FILE", request->files,
                    "configurations of an agent, of middleboxes and a gateway; each says its role at its top")
        ->required();
    CLI::Option* json = one->add_flag("--json", request->json, "one JSON object: paths, their matrices, warnings");
    if (matrices) one->add_flag("--svg", request->svg, "the matrices as a picture")->excludes(json);
    one->add_flag("--strict", request->strict, "exit code 1 if there is anything to warn of");
    one->final_callback([request, chosen] { chosen([request] { return judge(*request); }); });
  };
  add("explain", "prints what each middlebox may do, and warns of what gives more than it seems to", true);
  add("check", "prints only what is refused and what to be warned of", false);
}

}  // namespace louver::cli
