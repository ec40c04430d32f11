#include "role/gateway.h"

#include "cli/serve.h"

namespace louver::cli {

void add_gateway(CLI::App& program, const Chosen& chosen) {
  add_serving_command<config::Gateway, role::Gateway>(
      program, "gateway", "server side: ends sessions and hands the traffic to origins", chosen);
}

}  // namespace louver::cli
