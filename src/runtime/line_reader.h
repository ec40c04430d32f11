#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

namespace louver::runtime {

/// Cuts text that comes in pieces into lines, of which it keeps at most `most_bytes` each.
class LineReader {
 public:
  explicit LineReader(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Calls `on_line` for each line that is complete, without "\n" or "\r\n", until it returns false.
  void add(std::string_view text, const std::function<bool(std::string_view)>& on_line) {
    while (true) {
      const std::size_t end = text.find('\n');
      line_ += text.substr(0, std::min(end, text.size())).substr(0, most_bytes_ - line_.size());
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
      if (!finish(on_line)) return;
    }
  }

  /// What came behind the last end of a line, if anything did.
  void end(const std::function<bool(std::string_view)>& on_line) {
    if (!line_.empty()) finish(on_line);
  }

 private:
  bool finish(const std::function<bool(std::string_view)>& on_line) {
    std::string line = std::move(line_);
    line_.clear();
    if (line.ends_with('\r')) line.pop_back();
    return on_line(line);
  }

  std::size_t most_bytes_;
  std::string line_;
};

}  // namespace louver::runtime
