#pragma once

#include <iosfwd>
#include <string>

/// `louver demo`: a whole path of real processes on this machine, and what each party of it saw.
namespace louver::role::demo {

struct DemoOptions {
  std::string program;      // path of this program, of which the processes are made
  std::string real_origin;  // "http://host:port/path"; empty: the embedded one
  bool cheat = false, json = false, keep = false;
  bool own_client = false;  // not curl
  bool colour = false;
};

/// The report goes to `out`, what is under way to `talk`. Ends by itself within 20 seconds.
/// @return 0 if all went as it must, 1 if not, 2 if the options cannot be served
int run_demo(const DemoOptions& options, std::ostream& out, std::ostream& talk);

}  // namespace louver::role::demo
