#include "role/gateway.h"

#include "cli/serve.h"
#include "role/policy/findings.h"

namespace louver::cli {
namespace {

std::vector<std::string> advice_on_names(const config::Gateway& gateway) {
  std::vector<std::string> out;
  for (const role::policy::Finding& one : role::policy::unknown_contexts(gateway))
    out.push_back(one.place + ": " + one.party + ": " + one.what);
  return out;
}

}  // namespace

void add_gateway(CLI::App& program, const Chosen& chosen) {
  add_serving_command<config::Gateway, role::Gateway>(
      program, "gateway", "server side: ends sessions and hands the traffic to origins", chosen, advice_on_names);
}

}  // namespace louver::cli
