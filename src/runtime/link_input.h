#pragma once

#include "runtime/chunk.h"

namespace louver::runtime {

/// What a link has read and its handler has not consumed yet, always in one piece.
class LinkInput {
 public:
  explicit LinkInput(ChunkPool& pool) : pool_(pool) {}

  /// Room to read into, at least one octet, behind what is buffered; empty if a whole chunk is buffered.
  /// Octets that were handed out stay untouched while anybody else holds their chunk.
  MutableBytes room();
  /// `count` octets were read into `room`.
  void add(std::size_t count) {
    end_ += count;
    came_ += count;
  }
  /// What is buffered, in a chunk.
  MutableBytes bytes();
  /// The chunk of `bytes`, to be handed out with it.
  ChunkRef chunk() const { return chunk_; }
  void consume(std::size_t count) { begin_ += count; }

  std::size_t size() const { return chunk_ ? end_ - begin_ : stash_.size(); }
  bool is_full() const { return chunk_ && size() == chunk_->capacity(); }

  /// Nothing more comes for now: gives the chunk up, and puts a small rest by. If at least a chunk's worth has come
  /// since the last time, the next chunk is a large one.
  void settle();
  void clear();

 private:
  void load();
  ChunkRef next_chunk() { return is_stream_ ? pool_.take_large() : pool_.take(); }
  void move_rest(ChunkRef to);

  ChunkPool& pool_;
  ChunkRef chunk_;  // holds what is buffered in [begin_, end_); or null, then stash_ does
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Buffer stash_;
  std::size_t came_ = 0;  // since the chunk was last settled
  bool is_stream_ = false;
};

}  // namespace louver::runtime
