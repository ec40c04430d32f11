#include "runtime/write_queue.h"

#include <gtest/gtest.h>

#include <array>

namespace louver::runtime {
namespace {

std::string first_runs(const WriteQueue& queue, std::size_t most = 64) {
  std::vector<iovec> runs(most);
  std::string out;
  for (const iovec& run : std::span{runs}.first(queue.gather(runs))) {
    out += std::string_view{static_cast<const char*>(run.iov_base), run.iov_len};
    out += '|';
  }
  return out;
}

TEST(WriteQueue, keeps_order_and_runs_of_forwarded_and_owned_bytes) {
  ChunkPool pool{1024};
  const ChunkRef chunk = pool.take();
  std::ranges::copy(as_bytes("abcdef"), chunk->bytes().begin());
  WriteQueue queue{0};
  session::Outbound out;
  out.forward(chunk->bytes().first(3));
  out.append(as_bytes("own"));
  out.forward(chunk->bytes().subspan(3, 3));
  queue.push(std::move(out), chunk);
  queue.push(to_buffer("tail"));
  EXPECT_EQ(queue.size(), 13U);
  EXPECT_EQ(first_runs(queue), "abc|own|def|tail|");
}

TEST(WriteQueue, forwarded_bytes_are_not_copied) {
  ChunkPool pool{1024};
  const ChunkRef chunk = pool.take();
  WriteQueue queue{0};
  session::Outbound out;
  out.forward(chunk->bytes().subspan(7, 100));
  queue.push(std::move(out), chunk);
  std::array<iovec, 2> runs;
  ASSERT_EQ(queue.gather(runs), 1U);
  EXPECT_EQ(runs[0].iov_base, chunk->bytes().data() + 7);
}

TEST(WriteQueue, holds_a_chunk_until_its_last_octet_is_consumed) {
  ChunkPool pool{1024};
  ChunkRef chunk = pool.take();
  WriteQueue queue{0};
  session::Outbound out;
  out.forward(chunk->bytes().first(10));
  queue.push(std::move(out), std::move(chunk));
  EXPECT_EQ(pool.in_use(), 1U);
  queue.consume(9);
  EXPECT_EQ(pool.in_use(), 1U);
  queue.consume(1);
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_TRUE(queue.empty());
}

TEST(WriteQueue, consumes_across_runs) {
  WriteQueue queue{0};
  queue.push(to_buffer("abc"));
  queue.push(to_buffer("def"));
  queue.consume(4);
  EXPECT_EQ(first_runs(queue), "ef|");
  EXPECT_EQ(queue.size(), 2U);
}

TEST(WriteQueue, gathers_no_more_runs_than_there_is_room_for) {
  WriteQueue queue{0};
  for (const char* text : {"a", "b", "c"}) queue.push(to_buffer(text));
  EXPECT_EQ(first_runs(queue, 2), "a|b|");
}

TEST(WriteQueue, a_small_rest_does_not_pin_its_chunk) {
  ChunkPool pool{1024};
  ChunkRef chunk = pool.take();
  std::ranges::copy(as_bytes("0123456789"), chunk->bytes().begin());
  WriteQueue queue{5};
  session::Outbound out;
  out.forward(chunk->bytes().first(10));
  queue.push(std::move(out), std::move(chunk));
  queue.consume(5);
  queue.own_small_rest();
  EXPECT_EQ(pool.in_use(), 1U) << "five octets are not fewer than five";
  queue.consume(1);
  queue.own_small_rest();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(first_runs(queue), "6789|");
}

TEST(WriteQueue, small_writes_behind_others_gather_in_one_run_and_pin_nothing) {
  ChunkPool pool{1024};
  WriteQueue queue{100};
  queue.push(to_buffer("start"));
  std::string expected = "start|";
  for (int i = 0; i < 50; ++i) {
    ChunkRef chunk = pool.take();
    chunk->bytes()[0] = static_cast<std::byte>('a' + i % 26);
    expected += static_cast<char>('a' + i % 26);
    session::Outbound out;
    out.forward(chunk->bytes().first(1));
    queue.push(std::move(out), std::move(chunk));
  }
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(first_runs(queue), expected + "|");
}

TEST(WriteQueue, gathering_goes_on_while_the_gathered_run_is_being_consumed) {
  WriteQueue queue{100};
  queue.push(to_buffer("s"));
  queue.push(to_buffer("abc"));
  queue.consume(3);
  queue.push(to_buffer("def"));
  EXPECT_EQ(first_runs(queue), "cdef|");
  queue.consume(4);
  queue.push(to_buffer("ghi"));
  EXPECT_EQ(first_runs(queue), "ghi|");
}

TEST(WriteQueue, many_small_writes_keep_their_bytes_through_all_blocks) {
  WriteQueue queue{1000};
  std::string expected{"x"};
  queue.push(to_buffer("x"));
  for (int i = 0; i < 5000; ++i) {
    const std::string text(static_cast<std::size_t>(1 + i % 97), static_cast<char>('a' + i % 26));
    expected += text;
    queue.push(to_buffer(text));
  }
  EXPECT_EQ(queue.size(), expected.size());
  std::string seen;
  std::array<iovec, 3> runs;
  while (queue.gather(runs) > 0) {
    const std::string_view run{static_cast<const char*>(runs[0].iov_base), runs[0].iov_len};
    const std::size_t taken = std::min<std::size_t>(run.size(), 777);
    seen += run.substr(0, taken);
    queue.consume(taken);
  }
  EXPECT_EQ(seen, expected);
}

TEST(WriteQueue, forwarded_bytes_without_a_chunk_are_copied) {
  WriteQueue queue{0};
  Buffer mine = to_buffer("mine");
  session::Outbound out;
  out.forward(mine);
  queue.push(std::move(out), nullptr);
  std::ranges::fill(mine, std::byte{0});
  EXPECT_EQ(first_runs(queue), "mine|");
}

TEST(WriteQueue, empty_writes_are_nothing) {
  WriteQueue queue{10};
  queue.push(Buffer{});
  queue.push(session::Outbound{}, nullptr);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(first_runs(queue), "");
}

}  // namespace
}  // namespace louver::runtime
