#include "role/middlebox.h"

#include "cli/serve.h"

namespace louver::cli {

void add_middlebox(CLI::App& program, const Chosen& chosen) {
  add_serving_command<config::Middlebox, role::Middlebox>(program, "middlebox",
                                                          "takes part between them with a chain of filters", chosen);
}

}  // namespace louver::cli
