#include "role/demo/exit.h"

#include <algorithm>
#include <ostream>

namespace louver::role::demo {

void print_checks(const std::vector<Check>& checks, const Paint& paint, std::ostream& out) {
  Table table;
  for (const Check& check : checks) table.row({paint.verdict(check.ok), check.what});
  table.print(out);
  const auto failed = std::ranges::count_if(checks, [](const Check& one) { return !one.ok; });
  out << '\n' << checks.size() << " checks, " << failed << " failed\n";
}

int exit_code(const Result<bool>& shown, std::string_view command, std::ostream& out, std::ostream& talk) {
  if (!shown) {
    talk << command << ": " << shown.error().detail << std::endl;
    return shown.error().fault == Fault::configuration ? cannot : not_so;
  }
  out.flush();
  return *shown && out ? all_right : not_so;
}

}  // namespace louver::role::demo
