#pragma once

#include <memory>

#include "base/bytes.h"

namespace louver::runtime {

/// Room for what one link reads at a time. It must hold at least one largest frame: a Hello has 64 KiB, a record of
/// `max_record_most` its tags besides (docs/protocol.md §2, §11).
inline constexpr std::size_t default_chunk_bytes = std::size_t{128} * 1024;

/// A buffer that links read into. Views into it live as long as a `ChunkRef` to it.
class Chunk {
 public:
  explicit Chunk(std::size_t capacity) : bytes_(new std::byte[capacity]), capacity_(capacity) {}  // not zeroed
  MutableBytes bytes() { return {bytes_.get(), capacity_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_;
};

/// Keeps a chunk out of its pool. Copied and dropped on the loop's thread only.
using ChunkRef = std::shared_ptr<Chunk>;

/// The chunks of one loop: a link has one only while it has something in it, so idle links cost none.
class ChunkPool {
 public:
  explicit ChunkPool(std::size_t chunk_bytes = default_chunk_bytes, std::size_t most_spare = 64);

  /// A chunk with unspecified contents; it comes back by itself when the last reference is dropped, also after the pool
  /// is gone.
  ChunkRef take();

  std::size_t chunk_bytes() const;
  /// Chunks that somebody holds.
  std::size_t in_use() const;
  /// Chunks that wait for use, at most `most_spare`.
  std::size_t spare() const;

 private:
  struct Shelf;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace louver::runtime
