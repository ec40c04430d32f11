#include "role/agent.h"

#include "cli/serve.h"

namespace louver::cli {

void add_agent(CLI::App& program, const Chosen& chosen) {
  add_serving_command<config::Agent, role::Agent>(
      program, "agent", "client side: takes plain local connections into Louver sessions", chosen);
}

}  // namespace louver::cli
