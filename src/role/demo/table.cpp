#include "role/demo/table.h"

#include <algorithm>
#include <ostream>

namespace louver::role::demo {
namespace {

constexpr std::size_t gap = 2, indent = 2;

/// Columns that it takes: neither escape sequences nor the later octets of a character count.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (escape) {
      escape = c != 'm';
    } else if (c == '\x1b') {
      escape = true;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

}  // namespace

std::string Paint::in(std::string_view code, std::string_view text) const {
  if (!colour_) return std::string{text};
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows_) {
    if (widths.size() < cells.size()) widths.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
  }
  for (const auto& cells : rows_) {
    out << std::string(indent, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out << cells[i];
      if (i + 1 < cells.size()) out << std::string(widths[i] - width_of(cells[i]) + gap, ' ');
    }
    out << '\n';
  }
}

}  // namespace louver::role::demo
