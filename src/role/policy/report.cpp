#include "role/policy/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

namespace louver::role::policy {
namespace {

using Json = nlohmann::ordered_json;
using session::Grant;

constexpr std::size_t line_most = 4096;

std::string_view name_of(Path::Kind kind) {
  switch (kind) {
    case Path::Kind::route:
      return "route";
    case Path::Kind::allowance:
      return "allowance";
    case Path::Kind::needs:
      return "needs";
  }
  return "?";
}

/// "agreed", "refused", or as much as is known.
std::string_view state_of(const Path& path) {
  if (!path.refusals.empty()) return "refused";
  if (path.kind != Path::Kind::route) return name_of(path.kind);
  return path.granted ? "agreed" : "offered";
}

std::string cell_text(const MatrixRow::Cell& cell) {
  std::string out{cell.result == Grant::none ? "-" : session::name_of(cell.result)};
  if (cell.offered != cell.result) out += " (of " + std::string{session::name_of(cell.offered)} + ")";
  return out;
}

/// Rows of cells in columns as wide as their widest cell.
void print_columns(const std::vector<std::vector<std::string>>& rows, std::ostream& out) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) line += " " + row[i] + std::string(widths[i] - row[i].size() + 1, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

void print_matrix(const Path& path, std::ostream& out) {
  if (path.offered.middleboxes.empty()) {
    out << "  no middlebox takes part\n";
    return;
  }
  std::vector<std::vector<std::string>> rows{{"context", ""}};
  for (const std::string& name : path.offered.middleboxes) rows.front().push_back(printable(name));
  for (const MatrixRow& row : rows_of(path)) {
    auto& cells = rows.emplace_back(std::vector<std::string>{printable(row.context), louver::name_of(row.direction)});
    for (const MatrixRow::Cell& cell : row.cells) cells.push_back(cell_text(cell));
  }
  print_columns(rows, out);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& one : texts) out += (out.empty() ? "" : ", ") + one;
  return out;
}

void print_refusals(const Path& path, std::ostream& out) {
  for (const Refusal& one : path.refusals) {
    out << printable("refused: " + path.title + ": " + one.party + " answers " + one.alert + ": " + one.what, line_most)
        << '\n';
  }
}

void print(const Finding& finding, std::ostream& out) {
  std::string line = finding.place + ": warning: " + std::string{finding.name} + ": ";
  if (!finding.path.empty()) line += finding.path + ": ";
  if (!finding.party.empty()) line += finding.party + ": ";
  line += finding.what + (finding.what.ends_with('?') ? " " : ". ") + "Remedy: " + finding.remedy;
  out << printable(line, line_most) << '\n';
}

Json json_of(const Path& path) {
  Json out{{"path", path.title}, {"kind", name_of(path.kind)}, {"state", state_of(path)},
           {"file", path.file},  {"profile", path.profile},    {"server", path.server}};
  out["middleboxes"] = path.offered.middleboxes;
  out["discovered"] = path.discovered;
  out["matrix"] = Json::array();
  for (const MatrixRow& row : rows_of(path)) {
    Json cells = Json::object();
    for (std::size_t m = 0; m < row.cells.size(); ++m) {
      Json cell = Json::object();
      if (path.kind == Path::Kind::route) cell["offered"] = session::name_of(row.cells[m].offered);
      const bool known = path.kind != Path::Kind::route || path.granted;
      cell[path.kind == Path::Kind::route ? "granted" : std::string{name_of(path.kind)}] =
          known ? Json(session::name_of(row.cells[m].result)) : Json(nullptr);
      cells[path.offered.middleboxes[m]] = std::move(cell);
    }
    out["matrix"].push_back({{"context", row.context}, {"direction", louver::name_of(row.direction)}, {"by", cells}});
  }
  out["sealed"] = sealed_contexts(path);
  out["refused"] = Json::array();
  for (const Refusal& one : path.refusals)
    out["refused"].push_back({{"party", one.party}, {"alert", one.alert}, {"what", one.what}});
  return out;
}

}  // namespace

bool Report::agreed() const {
  return std::ranges::all_of(paths, [](const Path& path) { return path.refusals.empty(); });
}

std::vector<MatrixRow> rows_of(const Path& path) {
  std::vector<MatrixRow> out;
  const config::GrantMatrix& result = path.matrix();
  for (std::size_t c = 0; c < path.offered.contexts.size(); ++c) {
    for (Direction d : both_directions) {
      if (!path.offered.contexts[c].has[slot(d)]) continue;
      MatrixRow& row = out.emplace_back(MatrixRow{path.offered.contexts[c].name, d, {}});
      for (std::size_t m = 0; m < path.offered.middleboxes.size(); ++m)
        row.cells.push_back({path.offered.at(m, c, d), result.at(m, c, d)});
    }
  }
  return out;
}

std::vector<std::string> sealed_contexts(const Path& path) {
  std::vector<std::string> out;
  if (path.kind != Path::Kind::route) return out;
  const config::GrantMatrix& matrix = path.matrix();
  for (std::size_t c = 0; c < matrix.contexts.size(); ++c) {
    bool open = false;
    for (std::size_t m = 0; m < matrix.middleboxes.size(); ++m) {
      for (Direction d : both_directions) open = open || matrix.at(m, c, d) != Grant::none;
    }
    if (!open) out.push_back(matrix.contexts[c].name);
  }
  return out;
}

std::string headline(const Path& path) {
  switch (path.kind) {
    case Path::Kind::route:
      return path.title + ": " + path.profile + " from " + path.file + " to " + path.server + ", " +
             std::string{state_of(path)} +
             (path.granted              ? ""
              : path.gateway == nullptr ? " (no file of that gateway)"
                                        : " (this is what is offered)");
    case Path::Kind::allowance:
      return path.title + ": the most that " + path.file + " grants";
    case Path::Kind::needs:
      return path.title + ": what the filters of " + path.file + " need";
  }
  return path.title;
}

void write_text(const Report& report, std::ostream& out) {
  for (const Path& path : report.paths) {
    out << printable(headline(path), line_most) << '\n';
    print_matrix(path, out);
    if (const auto sealed = sealed_contexts(path); !sealed.empty())
      out << printable("  only the ends see: " + joined(sealed), line_most) << '\n';
    if (!path.discovered.empty())
      out << printable("  taken in if they announce themselves: " + joined(path.discovered), line_most) << '\n';
    out << '\n';
  }
  write_findings(report, out);
}

void write_findings(const Report& report, std::ostream& out) {
  for (const Path& path : report.paths) print_refusals(path, out);
  for (const Finding& finding : report.findings) print(finding, out);
  if (report.agreed() && report.findings.empty()) out << "nothing to warn of\n";
}

void write_json(const Report& report, std::ostream& out) {
  Json all{{"ok", report.agreed()}, {"paths", Json::array()}, {"warnings", Json::array()}};
  for (const Path& path : report.paths) all["paths"].push_back(json_of(path));
  for (const Finding& one : report.findings) {
    all["warnings"].push_back({{"name", one.name},
                               {"place", one.place},
                               {"path", one.path},
                               {"party", one.party},
                               {"what", one.what},
                               {"remedy", one.remedy}});
  }
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace louver::role::policy
