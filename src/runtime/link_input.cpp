#include "runtime/link_input.h"

#include <cstring>

namespace louver::runtime {

namespace {

/// A rest up to this is worth copying, to give up a chunk: a peer that sends half a frame and then nothing holds little
/// memory (SECURITY DS-01), and one that sends octet by octet makes little work.
constexpr std::size_t most_stashed = std::size_t{16} * 1024;
/// A chunk with less room than this at its end is not read into if there is a better one.
constexpr std::size_t least_room = std::size_t{16} * 1024;

}  // namespace

MutableBytes LinkInput::room() {
  load();
  const bool shared = chunk_.use_count() > 1;
  if (!shared && begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && chunk_->capacity() - end_ < least_room) {
    const ChunkRef old = chunk_;
    if (shared) chunk_ = pool_.take();
    const std::size_t rest = end_ - begin_;
    std::memmove(chunk_->bytes().data(), old->bytes().data() + begin_, rest);
    begin_ = 0;
    end_ = rest;
  }
  return chunk_->bytes().subspan(end_);
}

MutableBytes LinkInput::bytes() {
  load();
  return chunk_->bytes().subspan(begin_, end_ - begin_);
}

void LinkInput::settle() {
  if (!chunk_) return;
  const std::size_t rest = end_ - begin_;
  if (rest > most_stashed) return;
  const Bytes kept = chunk_->bytes().subspan(begin_, rest);
  stash_.assign(kept.begin(), kept.end());
  chunk_.reset();
}

void LinkInput::clear() {
  chunk_.reset();
  stash_ = {};
  begin_ = end_ = 0;
}

void LinkInput::load() {
  if (chunk_) return;
  chunk_ = pool_.take();
  begin_ = 0;
  end_ = stash_.size();
  if (!stash_.empty()) std::memcpy(chunk_->bytes().data(), stash_.data(), stash_.size());
  stash_ = {};
}

}  // namespace louver::runtime
