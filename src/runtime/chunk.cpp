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
    : shelf_(std::make_shared<Shelf>(Shelf{.chunk_bytes = chunk_bytes, .most_spare = most_spare})) {
  shelf_->spare.reserve(most_spare);  // so that putting back never allocates
}

ChunkRef ChunkPool::take() {
  std::unique_ptr<Chunk> chunk;
  if (shelf_->spare.empty()) {
    chunk = std::make_unique<Chunk>(shelf_->chunk_bytes);
  } else {
    chunk = std::move(shelf_->spare.back());  // the last one used is the one that is still in the cache
    shelf_->spare.pop_back();
  }
  ++shelf_->in_use;
  return {chunk.release(), [shelf = shelf_](Chunk* back) { shelf->put_back(std::unique_ptr<Chunk>{back}); }};
}

std::size_t ChunkPool::chunk_bytes() const { return shelf_->chunk_bytes; }
std::size_t ChunkPool::in_use() const { return shelf_->in_use; }
std::size_t ChunkPool::spare() const { return shelf_->spare.size(); }

}  // namespace louver::runtime
