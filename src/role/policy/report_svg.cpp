#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "role/policy/report.h"

namespace louver::role::policy {
namespace {

using session::Grant;

constexpr std::size_t line_height = 22, character = 8, margin = 16, gap = 12;
constexpr std::size_t shown_most = 160;  // characters of one line

/// Darker is more.
std::string_view colour_of(Grant grant) {
  switch (grant) {
    case Grant::none:
      return "#ffffff";
    case Grant::read:
      return "#d8ecff";
    case Grant::inspect:
      return "#b6d7fb";
    case Grant::redact:
      return "#ffe0a3";
    case Grant::write:
      return "#ffb3a7";
  }
  return "#ffffff";
}

/// Lines below each other, each with what stands in it; the picture's size is known when all is drawn.
class Drawing {
 public:
  void text(std::size_t x, std::string_view text, std::string_view weight = "normal") {
    const std::string_view shown = text.substr(0, shown_most);
    body_ += fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"{}\">{}</text>\n", margin + x, y_ + line_height - 7,
                         weight, xml_text(shown));
    widen(x + shown.size() * character);
  }
  void box(std::size_t x, std::size_t width, std::string_view colour) {
    body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"#888888\"/>\n",
                         margin + x, y_, width, line_height, colour);
    widen(x + width);
  }
  void next_line() { y_ += line_height; }
  void skip() { y_ += gap; }
  void print(std::ostream& out) const {
    out << fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
        "width=\"{}\" height=\"{}\" font-family=\"monospace\" font-size=\"13\">\n<title>Who may do what</title>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
        width_ + 2 * margin, y_ + margin, body_);
  }

 private:
  void widen(std::size_t to) { width_ = std::max(width_, to); }
  std::string body_;
  std::size_t y_ = margin, width_ = 0;
};

std::string cell_label(const MatrixRow::Cell& cell) {
  std::string out{cell.result == Grant::none ? "-" : session::name_of(cell.result)};
  return cell.offered == cell.result ? out : out + " (of " + std::string{session::name_of(cell.offered)} + ")";
}

std::size_t width_of(std::string_view text) { return text.size() * character + 2 * character; }

void draw_matrix(const Path& path, Drawing& drawing) {
  const auto rows = rows_of(path);
  const auto& names = path.offered.middleboxes;
  std::size_t first = width_of("context");
  for (const MatrixRow& row : rows) first = std::max(first, width_of(row.context + " c2s"));
  std::vector<std::size_t> widths;
  for (std::size_t m = 0; m < names.size(); ++m) {
    widths.push_back(width_of(names[m]));
    for (const MatrixRow& row : rows) widths.back() = std::max(widths.back(), width_of(cell_label(row.cells[m])));
  }
  drawing.text(0, "context", "bold");
  std::size_t x = first;
  for (std::size_t m = 0; m < names.size(); ++m) {
    drawing.text(x + character, names[m], "bold");
    x += widths[m];
  }
  drawing.next_line();
  for (const MatrixRow& row : rows) {
    drawing.text(0, row.context + " " + louver::name_of(row.direction));
    x = first;
    for (std::size_t m = 0; m < names.size(); ++m) {
      drawing.box(x, widths[m], colour_of(row.cells[m].result));
      drawing.text(x + character, cell_label(row.cells[m]));
      x += widths[m];
    }
    drawing.next_line();
  }
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text, text.size())) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void write_svg(const Report& report, std::ostream& out) {
  Drawing drawing;
  for (const Path& path : report.paths) {
    drawing.text(0, headline(path), "bold");
    drawing.next_line();
    draw_matrix(path, drawing);
    for (const Refusal& one : path.refusals) {
      drawing.text(0, "refused by " + one.party + ", " + one.alert + ": " + one.what);
      drawing.next_line();
    }
    for (const Finding& one : report.findings) {
      if (one.path != path.title) continue;
      drawing.text(0, "warning: " + std::string{one.name} + ": " + one.party);
      drawing.next_line();
    }
    drawing.skip();
  }
  drawing.print(out);
}

}  // namespace louver::role::policy
