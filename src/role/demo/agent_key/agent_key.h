#pragma once

#include <iosfwd>
#include <string>

/// `louver demo agent-key`: a program uses a key that it never has, through a vault that sees none of its prompts.
namespace louver::role::demo::agent_key {

struct Options {
  std::string program;        // path of this program, of which the processes are made
  bool vault_watches = true;  // else the key comes back, and the checks say so
  bool keep = false, colour = false;
};

/// The report goes to `out`, what is under way to `talk`. Ends by itself within a minute.
/// @return 0 if all checks hold, 1 if not, 2 if it cannot be shown
int run_demo(const Options& options, std::ostream& out, std::ostream& talk);

}  // namespace louver::role::demo::agent_key
