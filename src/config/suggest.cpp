#include "config/suggest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace louver::config {
namespace {

constexpr std::size_t length_most = 64;

/// Optimal string alignment: a swap of two neighbours counts once.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, length_most + 1>;
  std::array<Row, 3> rows{};  // the row before the last, the last, this one
  for (std::size_t j = 0; j <= b.size(); ++j) rows[1][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const auto& [before, last, unused] = rows;
    Row row{i};
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    rows = {last, row, unused};
  }
  return rows[1][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view written, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  std::size_t least = 0;
  if (written.size() > length_most) return best;
  for (std::string_view candidate : known) {
    if (candidate.size() > length_most) continue;
    const std::size_t wrong = distance(written, candidate);
    if (wrong > std::max<std::size_t>(1, candidate.size() / 3) || wrong >= candidate.size()) continue;
    if (!best || wrong < least) {
      best = candidate;
      least = wrong;
    }
  }
  return best;
}

}  // namespace louver::config
