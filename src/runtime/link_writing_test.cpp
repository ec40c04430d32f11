#include "runtime/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_link.h"

namespace louver::runtime {
namespace {

using namespace testing;

TEST_F(LinkTest, writes_runs_of_input_and_own_bytes_in_order) {
  const ChunkRef chunk = loop.chunks().take();
  std::ranges::copy(as_bytes("forwarded"), chunk->bytes().begin());
  session::Outbound out;
  out.append(as_bytes("<"));
  out.forward(chunk->bytes().first(3));
  out.append(as_bytes("-"));
  out.forward(chunk->bytes().subspan(3, 6));
  link->write(std::move(out), chunk);
  link->write(to_buffer(">"));
  EXPECT_EQ(receive_all(far.fd(), 12), "<for-warded>");
  EXPECT_EQ(link->pending_bytes(), 0U);
  EXPECT_EQ(chunk.use_count(), 1) << "written is let go";
}

TEST_F(LinkTest, writes_more_runs_than_one_system_call_takes) {
  session::Outbound out;
  const ChunkRef chunk = loop.chunks().take();
  std::ranges::copy(pattern(0, 3000), chunk->bytes().begin());
  std::string expected;
  for (std::size_t i = 0; i < 1500; ++i) {
    out.forward(chunk->bytes().subspan(2 * i, 1));
    expected += static_cast<char>(pattern_at(2 * i));
  }
  link->write(std::move(out), chunk);
  link->shutdown_send();
  std::string got;
  std::thread reader{[&] { got = receive_all(far.fd()); }};
  EXPECT_TRUE(until([&] { return link->pending_bytes() == 0; }));
  reader.join();
  EXPECT_EQ(got, expected);
}

TEST_F(LinkTest, under_back_pressure_everything_arrives_intact_and_drained_is_told_once) {
  std::size_t written = fill();
  EXPECT_GT(link->pending_bytes(), 256U * 1024);
  const std::size_t more = 16U * 1024 * 1024;  // than a socket ever takes at once
  link->write(pattern(written, more));
  written += more;
  run_for(loop, 20ms);
  EXPECT_EQ(handler.drained, 0);
  std::size_t pending_when_drained = SIZE_MAX;
  handler.at_drain = [&] {
    pending_when_drained = link->pending_bytes();
    EXPECT_FALSE(link->above_high_water());
  };
  link->shutdown_send();
  std::string got;
  std::thread reader{[&] { got = receive_all(far.fd()); }};
  EXPECT_TRUE(until([&] { return link->pending_bytes() == 0; }));
  reader.join();
  EXPECT_EQ(got.size(), written);
  EXPECT_TRUE(equal(as_bytes(got), pattern(0, written)));
  EXPECT_EQ(handler.drained, 1);
  EXPECT_LE(pending_when_drained, 64U * 1024);
  EXPECT_TRUE(handler.broken.empty());
}

// DS-13
TEST_F(LinkTest, a_peer_that_takes_nothing_makes_no_more_wait_than_the_limit_and_hears_a_reset) {
  constexpr std::size_t most = 1'000'000;
  link->limit_pending(most);
  link->resume_reading();
  std::size_t at_most = 0;
  for (int i = 0; i < 100'000 && link->is_open(); ++i) {
    link->write(pattern(0, 1000));
    at_most = std::max(at_most, link->pending_bytes());
  }
  EXPECT_LE(at_most, most);
  EXPECT_EQ(link->pending_bytes(), 0U) << "what waited is given up at once";
  EXPECT_TRUE(handler.broken.empty()) << "told later, not from within write";
  ASSERT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken[0].fault, Fault::limit_exceeded);
  EXPECT_EQ(error_at_the_end(far.fd()), ECONNRESET);
}

TEST_F(LinkTest, water_marks_are_those_configured) {
  connect({.high_water_bytes = 1000, .low_water_bytes = 0});
  const Buffer block = pattern(0, 256 * 1024);
  while (link->pending_bytes() == 0) link->write(block);  // far more than the peer's window takes
  run_ready(loop);
  EXPECT_TRUE(link->above_high_water());
  std::thread reader{[&] { receive_all(far.fd()); }};
  EXPECT_TRUE(until([&] { return handler.drained == 1; }));
  EXPECT_EQ(link->pending_bytes(), 0U);
  link.reset();
  reader.join();
}

TEST_F(LinkTest, tiny_forwarded_pieces_to_a_blocked_peer_pin_few_chunks) {
  fill();
  const std::size_t before = loop.chunks().in_use();
  for (int i = 0; i < 1000; ++i) {
    const ChunkRef chunk = loop.chunks().take();
    session::Outbound out;
    out.forward(chunk->bytes().first(10));
    link->write(std::move(out), chunk);
  }
  EXPECT_EQ(loop.chunks().in_use(), before);
}

TEST_F(LinkTest, a_small_rest_that_a_full_socket_did_not_take_pins_no_chunk) {
  TcpPair pair = tcp_pair();
  const int socket = pair.near.descriptor.fd();
  Link full{loop, std::move(pair.near), handler};
  const Buffer block = pattern(0, 100'000);
  for (int blocked = 0; blocked < 3;) {
    if (::send(socket, block.data(), block.size(), MSG_DONTWAIT) < 0) ++blocked;
    run_ready(loop);
  }
  const ChunkRef chunk = loop.chunks().take();
  session::Outbound out;
  out.forward(chunk->bytes().first(10));
  full.write(std::move(out), chunk);
  EXPECT_EQ(full.pending_bytes(), 10U);
  EXPECT_EQ(chunk.use_count(), 1);
}

TEST_F(LinkTest, writing_to_a_connection_that_was_reset_tells_later_and_never_from_within_write) {
  link->resume_reading();
  run_ready(loop);
  link->pause_reading();
  reset(far);
  run_for(loop, 10ms);
  bool within = false;
  handler.at_break = [&] { EXPECT_FALSE(within); };
  within = true;
  for (int i = 0; i < 5; ++i) link->write(to_buffer("into the void"));
  within = false;
  EXPECT_TRUE(handler.broken.empty());
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken.size(), 1U);
  EXPECT_EQ(handler.broken[0].fault, Fault::connection_lost);
  EXPECT_THAT(handler.broken[0].detail, ::testing::HasSubstr("127.0.0.1:"));
  link->write(to_buffer("nor later"));
  run_for(loop, 10ms);
  EXPECT_EQ(handler.broken.size(), 1U);
}

TEST_F(LinkTest, writing_after_the_peer_is_gone_raises_no_signal) {
  TcpPair pair = tcp_pair();
  const int socket = pair.near.descriptor.fd();
  Link gone{loop, std::move(pair.near), handler};
  reset(pair.far);
  int error = 0;
  socklen_t size = sizeof error;
  while (error == 0) getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);  // so that the next write finds EPIPE
  ASSERT_EQ(error, ECONNRESET);
  gone.write(to_buffer("into the void"));
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken[0].fault, Fault::connection_lost);
}

}  // namespace
}  // namespace louver::runtime
