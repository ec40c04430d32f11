#include "runtime/chunk.h"

#include <gtest/gtest.h>

namespace louver::runtime {
namespace {

TEST(Chunk, holds_the_largest_frame_by_default) {
  ChunkPool pool;
  EXPECT_GE(pool.take()->bytes().size(), 64U * 1024 + 6 + 4 + 16 * (2 * 250 + 1));
}

TEST(Chunk, comes_back_when_the_last_reference_is_dropped_and_is_used_again) {
  ChunkPool pool{1024};
  ChunkRef first = pool.take();
  const std::byte* const where = first->bytes().data();
  ChunkRef second = first;
  first.reset();
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(pool.spare(), 0U);
  second.reset();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(pool.spare(), 1U);
  EXPECT_EQ(pool.take()->bytes().data(), where);
}

TEST(Chunk, pool_keeps_no_more_than_it_may) {
  ChunkPool pool{1024, 2};
  std::vector<ChunkRef> held{pool.take(), pool.take(), pool.take()};
  held.clear();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(pool.spare(), 2U);
}

TEST(Chunk, only_so_many_are_large_at_a_time_and_few_are_kept) {
  ChunkPool pool{1024};
  std::vector<ChunkRef> held;
  for (std::size_t i = 0; i < most_large_chunks; ++i) {
    held.push_back(pool.take_large());
    EXPECT_EQ(held.back()->capacity(), 1024 * large_chunk_factor);
  }
  EXPECT_EQ(pool.take_large()->capacity(), 1024U) << "a stream beyond them gets along with an ordinary one";
  EXPECT_EQ(pool.large_in_use(), most_large_chunks);
  held.pop_back();
  EXPECT_EQ(pool.take_large()->capacity(), 1024 * large_chunk_factor);
  held.clear();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(pool.spare(), most_spare_large_chunks + 1);
  EXPECT_EQ(pool.take()->capacity(), 1024U);
}

TEST(Chunk, outlives_its_pool) {
  ChunkRef chunk;
  {
    ChunkPool pool{1024};
    chunk = pool.take();
  }
  std::ranges::fill(chunk->bytes(), std::byte{7});
  EXPECT_EQ(chunk->bytes()[1023], std::byte{7});
}

}  // namespace
}  // namespace louver::runtime
