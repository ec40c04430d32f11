#pragma once

#include <memory>

#include "base/bytes.h"

namespace louver::runtime {

/// Room for what one link reads at a time. It must hold at least one largest frame: a Hello has 64 KiB, a record of
/// `max_record_most` its tags besides (docs/protocol.md §2, §11).
inline constexpr std::size_t default_chunk_bytes = std::size_t{128} * 1024;
/// A large chunk, for a stream that fills the others, has room for so many of them: fewer calls of the system and fewer
/// wakings of the neighbours for each octet.
inline constexpr std::size_t large_chunk_factor = 8;
/// So many large ones of a pool may be in use; a stream beyond them gets along with others. So many are kept for use.
inline constexpr std::size_t most_large_chunks = 16;
inline constexpr std::size_t most_spare_large_chunks = 4;

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
  /// The same, but a large one as long as fewer than `most_large_chunks` are in use.
  ChunkRef take_large();

  /// Of one that is not large.
  std::size_t chunk_bytes() const;
  /// Chunks that somebody holds.
  std::size_t in_use() const;
  std::size_t large_in_use() const;
  /// Chunks that wait for use, at most `most_spare` and `most_spare_large_chunks`.
  std::size_t spare() const;

 private:
  struct Shelf;
  static ChunkRef take_from(const std::shared_ptr<Shelf>& shelf);

  std::shared_ptr<Shelf> shelf_;
  std::shared_ptr<Shelf> large_;
};

}  // namespace louver::runtime
