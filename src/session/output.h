#pragma once

#include <vector>

#include "base/bytes.h"

namespace louver::session {

/// What an engine wants to go to one neighbour, in order: runs of bytes, some lying in the input of the call, some
/// owned here.
///
/// Forwarded runs stay where they were received (a relay copies no payload), so they live as long as that input does:
/// the runtime keeps the input's buffer until they are written.
class Outbound {
 public:
  /// Passes on bytes of the current input; neighbours that adjoin become one run.
  void forward(Bytes view) {
    if (view.empty()) return;
    if (!runs_.empty() && !runs_.back().owned && runs_.back().data + runs_.back().size == view.data()) {
      runs_.back().size += view.size();
    } else {
      runs_.push_back({.owned = false, .data = view.data(), .offset = 0, .size = view.size()});
    }
    size_ += view.size();
  }

  /// Room for `size` owned bytes at the end; valid until the next call.
  MutableBytes extend(std::size_t size) {
    if (storage_.capacity() == 0) storage_.reserve(std::max(size, usual_octets));
    const std::size_t offset = storage_.size();
    storage_.resize(offset + size);
    if (!runs_.empty() && runs_.back().owned) {
      runs_.back().size += size;
    } else {
      runs_.push_back({.owned = true, .data = nullptr, .offset = offset, .size = size});
    }
    size_ += size;
    return MutableBytes{storage_}.subspan(offset, size);
  }

  void append(Bytes bytes) { std::ranges::copy(bytes, extend(bytes.size()).begin()); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  bool has_forwarded() const {
    return std::ranges::any_of(runs_, [](const Run& run) { return !run.owned; });
  }

  /// Every run in order; views are valid until the next change and as long as the forwarded input.
  template <class F>
  void for_each_run(F&& f) const {
    for (const Run& run : runs_)
      f(run.owned ? Bytes{storage_}.subspan(run.offset, run.size) : Bytes{run.data, run.size});
  }

  Buffer flatten() const {
    Buffer out;
    out.reserve(size_);
    for_each_run([&](Bytes run) { louver::append(out, run); });
    return out;
  }

  void clear() {
    runs_.clear();
    storage_.clear();
    size_ = 0;
  }

 private:
  /// A few small records, such as a request makes, shall not each move the others.
  static constexpr std::size_t usual_octets = 1000;

  struct Run {
    bool owned;
    const std::byte* data;  // forwarded
    std::size_t offset;     // owned: into storage_
    std::size_t size;
  };
  std::vector<Run> runs_;
  Buffer storage_;
  std::size_t size_ = 0;
};

}  // namespace louver::session
