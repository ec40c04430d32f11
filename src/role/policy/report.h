#pragma once

#include <iosfwd>

#include "role/policy/findings.h"

namespace louver::role::policy {

/// What `louver policy` says of a set of files.
struct Report {
  std::vector<Path> paths;
  std::vector<Finding> findings;

  /// No party's rules refuse another's.
  bool agreed() const;
};

/// One row of a printed matrix: a context and direction, and a cell for each middlebox.
struct MatrixRow {
  std::string context;
  Direction direction;
  struct Cell {
    session::Grant offered;  // by the agent; where there is none, the same as `result`
    session::Grant result;
  };
  std::vector<Cell> cells;
};
std::vector<MatrixRow> rows_of(const Path& path);

/// Contexts in which no middlebox of the path may do anything: only the ends see them.
std::vector<std::string> sealed_contexts(const Path& path);

/// "shop: http/1 from agent.toml to shop.example, agreed"
std::string headline(const Path& path);

void write_text(const Report& report, std::ostream& out);
/// Only refusals and warnings, one line each.
void write_findings(const Report& report, std::ostream& out);
/// One object: ok, paths, warnings.
void write_json(const Report& report, std::ostream& out);
/// One picture of all matrices: SVG 1.1 without script, links or anything from elsewhere.
void write_svg(const Report& report, std::ostream& out);

/// `text` as the content of an XML element or attribute: printable ASCII only, five characters escaped.
std::string xml_text(std::string_view text);

}  // namespace louver::role::policy
