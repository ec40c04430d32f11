#include "measure/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "base/version.h"
#include "measure/path.h"
#include "measure/spread.h"
#include "role/demo/table.h"

namespace louver::measure {
namespace {

using role::demo::Table;

std::string cell(const Figure& figure) {
  const Spread spread = spread_of(figure.values);
  return digits(spread.median) + " (" + digits(spread.least) + ".." + digits(spread.greatest) + ")";
}

std::string label(const Figure& figure) { return figure.what + " [" + figure.unit + "]"; }

bool is_of_a_party(const Figure& figure) { return std::ranges::find(parties, figure.party) != parties.end(); }

/// A row for each name, a column for each party.
void print_parties(const std::vector<Figure>& figures, std::ostream& out) {
  Table table;
  table.row({"", std::string{parties[0]}, std::string{parties[1]}, std::string{parties[2]}});
  std::vector<std::string> row;
  for (const Figure& figure : figures) {
    if (!is_of_a_party(figure)) continue;
    if (row.empty()) row.push_back(label(figure));
    row.push_back(cell(figure));
    if (row.size() == 1 + parties.size()) table.row(std::exchange(row, {}));
  }
  table.print(out);
}

void print_rest(const std::vector<Figure>& figures, std::ostream& out) {
  Table table;
  for (const Figure& figure : figures) {
    if (!is_of_a_party(figure)) table.row({label(figure), cell(figure)});
  }
  table.print(out);
}

}  // namespace

std::string digits(double value) {
  const double size = std::fabs(value);
  const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

void write_text(const Outcome& outcome, std::ostream& out) {
  const Machine& machine = outcome.machine;
  const std::vector<Figure>& figures = outcome.figures.all();
  out << "\nlouver " << LOUVER_VERSION << ", " << machine.library << "\n"
      << machine.processor << ", " << machine.cores << " cores, load " << digits(machine.load)
      << " at the beginning\n\n"
      << "One path on loopback: agent, one middlebox, gateway; stream/1. Median of " << figures.front().values.size()
      << " rounds (least..greatest).\n\n";
  print_parties(figures, out);
  out << "\nAll of the path, and what this machine can do without Louver\n\n";
  print_rest(figures, out);
}

void write_json(const Outcome& outcome, std::ostream& out) {
  nlohmann::ordered_json all{{"louver", LOUVER_VERSION},
                             {"library", outcome.machine.library},
                             {"processor", outcome.machine.processor},
                             {"cores", outcome.machine.cores},
                             {"load", outcome.machine.load},
                             {"figures", nlohmann::ordered_json::array()}};
  for (const Figure& figure : outcome.figures.all()) {
    const Spread spread = spread_of(figure.values);
    all["figures"].push_back({{"name", figure.name},
                              {"party", figure.party},
                              {"what", figure.what},
                              {"unit", figure.unit},
                              {"median", spread.median},
                              {"least", spread.least},
                              {"greatest", spread.greatest},
                              {"rounds", figure.values.size()}});
  }
  out << all.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace louver::measure
