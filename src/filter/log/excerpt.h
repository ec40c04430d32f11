#pragma once

#include <string>

#include "base/bytes.h"

namespace louver::filter::log {

/// The beginning of a message, written so that it fits on a line: printable ASCII as it is, but `\\`, `\r`, `\n`, `\t`,
/// `\x1b`.
class Excerpt {
 public:
  explicit Excerpt(std::size_t most) : most_(most) {}
  /// Takes what follows; once `most` characters are there, nothing.
  void add(Bytes bytes);
  const std::string& text() const { return text_; }

 private:
  std::size_t most_;
  bool full_ = false;
  std::string text_;
};

}  // namespace louver::filter::log
