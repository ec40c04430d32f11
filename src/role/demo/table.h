#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace louver::role::demo {

/// What the words in a matrix of who saw what mean, beside grants with octets.
inline constexpr std::string_view matrix_legend = "author wrote it, sink is whom it is for, – saw nothing of it";

/// How text looks on a terminal; plain if colours are off.
class Paint {
 public:
  explicit Paint(bool colour) : colour_(colour) {}
  std::string good(std::string_view text) const { return in("32", text); }
  std::string bad(std::string_view text) const { return in("1;31", text); }
  std::string title(std::string_view text) const { return in("1", text); }
  std::string faint(std::string_view text) const { return in("2", text); }
  std::string verdict(bool ok) const { return ok ? good("ok") : bad("FAILED"); }

 private:
  std::string in(std::string_view code, std::string_view text) const;
  bool colour_;
};

/// Rows of cells, printed in columns as wide as their widest cell. Cells are UTF-8 and may be painted.
class Table {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace louver::role::demo
