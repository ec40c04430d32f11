#pragma once

#include <iosfwd>
#include <string>

/// `louver demo scan`: uploads and downloads through a virus scanner that sees their content and nothing else.
namespace louver::role::demo {

struct ScanDemoOptions {
  std::string program;  // path of this program, of which the parties' processes are made
  bool colour = false;
  bool keep = false;               // the directory
  bool without_signature = false;  // the scanner does not know the test virus: checks must fail
};

/// Real parts: curl, an agent, a middlebox, a gateway, c-icap with ClamAV, nginx. Ends by itself within 90 seconds.
/// @return 0 if all checks hold, 1 if not, 2 if a part is missing or does not start
int run_scan_demo(const ScanDemoOptions& options, std::ostream& out, std::ostream& talk);

}  // namespace louver::role::demo
