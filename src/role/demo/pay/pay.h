#pragma once

#include <iosfwd>
#include <string>

/// `louver demo pay`: a form goes to a bank through a shop, which fills in the order and never sees the card.
namespace louver::role::demo::pay {

struct Options {
  std::string program;  // path of this program, of which the processes are made
  bool lifts = true;    // else the card stands in the form, the shop sees it, and a check says so
  bool browse = false;  // stay, for a browser, until a signal asks to end
  bool keep = false, colour = false;
};

/// The report goes to `out`, what is under way to `talk`. Ends by itself within a minute, unless `browse`.
/// @return 0 if all checks hold, 1 if not, 2 if it cannot be shown
int run_demo(const Options& options, std::ostream& out, std::ostream& talk);

}  // namespace louver::role::demo::pay
