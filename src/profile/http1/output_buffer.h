#pragma once

#include "base/bytes.h"

namespace louver::profile::http1 {

/// Bytes that wait to be written to a connection.
class OutputBuffer {
 public:
  void append(Bytes bytes) { louver::append(data_, bytes); }
  void append(std::string_view text) { louver::append(data_, text); }

  /// Valid until the next change.
  Bytes pending() const { return Bytes{data_}.subspan(taken_); }
  bool empty() const { return taken_ == data_.size(); }

  /// The first `size` octets of pending() were written.
  void take(std::size_t size) {
    taken_ += std::min(size, data_.size() - taken_);
    if (empty()) {
      clear();
    } else if (taken_ > data_.size() / 2) {
      data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
  }

  void clear() {
    data_.clear();
    taken_ = 0;
  }

 private:
  Buffer data_;
  std::size_t taken_ = 0;
};

}  // namespace louver::profile::http1
