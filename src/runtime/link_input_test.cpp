#include "runtime/link_input.h"

#include <gtest/gtest.h>

namespace louver::runtime {
namespace {

constexpr std::size_t capacity = 64 * 1024;

class LinkInputTest : public ::testing::Test {
 protected:
  /// As if the socket gave these octets, as far as there is room.
  std::size_t come(std::string_view text) {
    const MutableBytes room = input.room();
    const std::size_t count = std::min(room.size(), text.size());
    std::ranges::copy(as_bytes(text.substr(0, count)), room.begin());
    input.add(count);
    return count;
  }

  ChunkPool pool{capacity};
  LinkInput input{pool};
};

TEST_F(LinkInputTest, holds_no_chunk_before_and_after) {
  EXPECT_EQ(pool.in_use(), 0U);
  come("abc");
  EXPECT_EQ(pool.in_use(), 1U);
  input.consume(3);
  input.settle();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(input.size(), 0U);
}

TEST_F(LinkInputTest, puts_a_small_rest_by_and_brings_it_back_in_front_of_what_comes) {
  come("abcde");
  input.consume(2);
  input.settle();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(input.size(), 3U);
  come("fg");
  EXPECT_EQ(as_text(input.bytes()), "cdefg");
}

TEST_F(LinkInputTest, keeps_a_large_rest_where_it_is) {
  come(std::string(40'000, 'a'));
  const std::byte* const where = input.bytes().data();
  input.settle();
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(input.bytes().data(), where);
}

TEST_F(LinkInputTest, reads_from_the_front_again_when_nobody_holds_the_chunk) {
  come("abc");
  const std::byte* const where = input.bytes().data();
  input.consume(3);
  EXPECT_EQ(input.room().data(), where);
}

TEST_F(LinkInputTest, reads_on_behind_octets_that_somebody_holds) {
  come("abc");
  const ChunkRef held = input.chunk();
  const MutableBytes view = input.bytes();
  input.consume(3);
  come("def");
  EXPECT_EQ(as_text(view), "abc");
  EXPECT_EQ(as_text(input.bytes()), "def");
  EXPECT_EQ(input.chunk(), held);
}

TEST_F(LinkInputTest, moves_the_rest_to_a_fresh_chunk_when_a_held_one_is_nearly_full) {
  come(std::string(60'000, 'a') + "rest");
  const ChunkRef held = input.chunk();
  const MutableBytes view = input.bytes();
  input.consume(60'000);
  come("more");
  EXPECT_EQ(as_text(input.bytes()), "restmore");
  EXPECT_NE(input.chunk(), held);
  EXPECT_EQ(as_text(view.subspan(60'000)), "rest");
}

TEST_F(LinkInputTest, moves_the_rest_to_the_front_when_nobody_holds_the_chunk) {
  come(std::string(60'000, 'a') + "rest");
  const std::byte* const chunk = input.bytes().data();
  input.consume(60'000);
  come("more");
  EXPECT_EQ(as_text(input.bytes()), "restmore");
  EXPECT_EQ(input.bytes().data(), chunk);
  EXPECT_EQ(pool.in_use(), 1U);
}

TEST_F(LinkInputTest, takes_a_frame_of_a_whole_chunk_and_no_octet_more) {
  come("x");
  input.consume(1);
  const std::string frame(capacity, 'f');
  std::size_t sent = 0;
  while (sent < frame.size() && !input.is_full()) sent += come(std::string_view{frame}.substr(sent));
  EXPECT_TRUE(input.is_full());
  EXPECT_EQ(as_text(input.bytes()), frame);
  EXPECT_TRUE(input.room().empty());
}

/// As a link does with a peer that sends without pause: what came is consumed, but for `rest`.
class LinkInputStreamTest : public LinkInputTest {
 protected:
  void turn(std::size_t octets, std::size_t rest = 0) {
    for (std::size_t got = 0; got < octets;) {
      got += come(std::string(octets - got, 's'));
      if (got == octets) last_capacity = input.chunk()->capacity();
      input.consume(input.size() - (got == octets ? rest : 0));
    }
    input.settle();
  }

  std::size_t last_capacity = 0;
};

TEST_F(LinkInputStreamTest, has_a_large_chunk_after_a_turn_that_brought_an_ordinary_one_full) {
  turn(capacity - 1);
  EXPECT_EQ(last_capacity, capacity);
  turn(capacity);
  EXPECT_EQ(last_capacity, capacity) << "it is known as a stream only now";
  turn(capacity);
  EXPECT_EQ(last_capacity, capacity * large_chunk_factor);
  turn(10);
  EXPECT_EQ(last_capacity, capacity * large_chunk_factor);
  EXPECT_EQ(pool.in_use(), 0U);
  turn(10);
  EXPECT_EQ(last_capacity, capacity) << "a stream that trickles is none";
}

TEST_F(LinkInputStreamTest, pins_no_large_chunk_by_part_of_a_frame) {
  turn(capacity);
  turn(capacity * 3, 40'000);
  EXPECT_EQ(last_capacity, capacity * large_chunk_factor);
  EXPECT_EQ(pool.large_in_use(), 0U);
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(as_text(input.bytes()), std::string(40'000, 's'));
  come("more");
  EXPECT_EQ(as_text(input.bytes()).substr(40'000), "more");
}

TEST_F(LinkInputStreamTest, leaves_what_somebody_holds_of_a_large_chunk) {
  turn(capacity);
  come(std::string(capacity * 2, 'h'));
  const MutableBytes view = input.bytes();
  {
    const ChunkRef held = input.chunk();
    input.consume(capacity * 2 - 40'000);
    input.settle();
    EXPECT_EQ(pool.large_in_use(), 1U);
    EXPECT_EQ(as_text(view), std::string(capacity * 2, 'h'));
  }
  EXPECT_EQ(pool.large_in_use(), 0U);
  EXPECT_EQ(as_text(input.bytes()), std::string(40'000, 'h'));
}

TEST_F(LinkInputStreamTest, keeps_what_an_ordinary_chunk_has_no_room_for) {
  turn(capacity);
  turn(capacity * 3, capacity);  // its reader was paused
  EXPECT_EQ(pool.large_in_use(), 1U);
  EXPECT_EQ(as_text(input.bytes()), std::string(capacity, 's'));
}

TEST_F(LinkInputStreamTest, gets_along_when_all_large_chunks_are_taken) {
  std::vector<ChunkRef> taken;
  while (pool.large_in_use() < most_large_chunks) taken.push_back(pool.take_large());
  turn(capacity * 3);
  turn(capacity * 3, 100);
  EXPECT_EQ(last_capacity, capacity);
  come("x");
  EXPECT_EQ(as_text(input.bytes()), std::string(100, 's') + "x");
}

}  // namespace
}  // namespace louver::runtime
