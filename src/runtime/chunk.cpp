#include "runtime/chunk.h"

namespace louver::runtime {

struct ChunkPool::Shelf {
  std::size_t chunk_bytes;
  std::size_t most_spare;
  std::size_t in_use = 0;
  std::vector<std::unique_ptr<Chunk>> spare{};

  void put_back(std::unique_ptr<Chunk> chunk) {
    --in_use;
    if (spare.size() < most_spare) spare.push_back(std::move(chunk));
  }
};

ChunkPool::ChunkPool(std::size_t chunk_bytes, std::size_t most_spare)
    : shelf_(std::make_shared<Shelf>(Shelf{.chunk_bytes = chunk_bytes, .most_spare = most_spare})),
      large_(std::make_shared<Shelf>(
          Shelf{.chunk_bytes = chunk_bytes * large_chunk_factor, .most_spare = most_spare_large_chunks})) {
  for (const auto& shelf : {shelf_, large_}) shelf->spare.reserve(shelf->most_spare);  // putting back never allocates
}

ChunkRef ChunkPool::take() { return take_from(shelf_); }

ChunkRef ChunkPool::take_large() { return take_from(large_->in_use < most_large_chunks ? large_ : shelf_); }

ChunkRef ChunkPool::take_from(const std::shared_ptr<Shelf>& shelf) {
  std::unique_ptr<Chunk> chunk;
  if (shelf->spare.empty()) {
    chunk = std::make_unique<Chunk>(shelf->chunk_bytes);
  } else {
    chunk = std::move(shelf->spare.back());  // the last one used is the one that is still in the cache
    shelf->spare.pop_back();
  }
  ++shelf->in_use;
  return {chunk.release(), [shelf](Chunk* back) { shelf->put_back(std::unique_ptr<Chunk>{back}); }};
}

std::size_t ChunkPool::chunk_bytes() const { return shelf_->chunk_bytes; }
std::size_t ChunkPool::in_use() const { return shelf_->in_use + large_->in_use; }
std::size_t ChunkPool::large_in_use() const { return large_->in_use; }
std::size_t ChunkPool::spare() const { return shelf_->spare.size() + large_->spare.size(); }

}  // namespace louver::runtime
