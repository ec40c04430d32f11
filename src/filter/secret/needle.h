#pragma once

#include <cstdint>
#include <vector>

#include "filter/secret/unescape.h"
#include "tls/secret_bytes.h"

namespace louver::filter::secret {

/// A text that is searched for as symbols stream by (Knuth, Morris, Pratt 1977). Immutable; not empty.
class Needle {
 public:
  explicit Needle(tls::SecretBytes text);
  std::size_t size() const { return text_.size(); }
  unsigned char at(std::size_t i) const { return std::to_integer<unsigned char>(text_[i]); }
  /// The longest proper prefix that the first `length` symbols end with.
  std::size_t border(std::size_t length) const { return borders_[length]; }

 private:
  tls::SecretBytes text_;
  std::vector<std::uint32_t> borders_;
};

/// How much of one needle the symbols so far end with.
class Progress {
 public:
  explicit Progress(const Needle& needle) : needle_(&needle) {}
  /// @return  the whole needle ends with this symbol
  bool take(Symbol next);
  std::size_t length() const { return starts_.size(); }
  /// Where the first of these symbols stood; only if length() is not 0.
  std::uint64_t begin() const { return starts_.front(); }
  const Needle& needle() const { return *needle_; }

 private:
  void keep(std::size_t length);
  const Needle* needle_;
  std::vector<std::uint64_t> starts_;  // of the symbols that fit
};

}  // namespace louver::filter::secret
