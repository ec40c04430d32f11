#include "runtime/link_input.h"

#include <cstring>
#include <utility>

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
  if (begin_ > 0 && chunk_->capacity() - end_ < least_room) move_rest(shared ? next_chunk() : chunk_);
  return chunk_->bytes().subspan(end_);
}

void LinkInput::move_rest(ChunkRef to) {
  const std::size_t rest = end_ - begin_;
  std::memmove(to->bytes().data(), chunk_->bytes().data() + begin_, rest);
  chunk_ = std::move(to);
  begin_ = 0;
  end_ = rest;
}

MutableBytes LinkInput::bytes() {
  load();
  return chunk_->bytes().subspan(begin_, end_ - begin_);
}

void LinkInput::settle() {
  if (!chunk_) return;
  is_stream_ = std::exchange(came_, 0) >= pool_.chunk_bytes();
  const std::size_t rest = end_ - begin_;
  if (rest > most_stashed) {
    // Nor does it hold a large chunk with what an ordinary one has room for.
    if (chunk_->capacity() > pool_.chunk_bytes() && rest + least_room <= pool_.chunk_bytes()) move_rest(pool_.take());
    return;
  }
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
  chunk_ = next_chunk();
  begin_ = 0;
  end_ = stash_.size();
  if (!stash_.empty()) std::memcpy(chunk_->bytes().data(), stash_.data(), stash_.size());
  stash_ = {};
}

}  // namespace louver::runtime
