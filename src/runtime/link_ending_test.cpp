#include "runtime/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/tcp.h>

#include <thread>

#include "runtime/test_link.h"

namespace louver::runtime {
namespace {

using namespace testing;

// --- ends of all kinds

TEST_F(LinkTest, a_reset_while_reading_breaks_it) {
  link->resume_reading();
  send_all(far.fd(), "x");
  ASSERT_TRUE(until([&] { return handler.calls == 1; }));
  reset(far);
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken[0].fault, Fault::connection_lost);
  EXPECT_FALSE(handler.ended);
  EXPECT_FALSE(link->is_open());
}

TEST_F(LinkTest, a_reset_while_writing_is_blocked_breaks_it_and_frees_what_waited) {
  const ChunkRef chunk = loop.chunks().take();
  fill();
  session::Outbound out;
  out.forward(chunk->bytes());
  link->write(std::move(out), chunk);
  EXPECT_GT(chunk.use_count(), 1);
  reset(far);
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(chunk.use_count(), 1);
  EXPECT_EQ(link->pending_bytes(), 0U);
}

TEST_F(LinkTest, after_the_peers_end_it_still_sends) {
  link->resume_reading();
  ::shutdown(far.fd(), SHUT_WR);
  ASSERT_TRUE(until([&] { return handler.ended; }));
  link->write(to_buffer("answer"));
  link->shutdown_send();
  EXPECT_EQ(receive_all(far.fd()), "answer");
}

TEST_F(LinkTest, after_its_own_end_it_still_receives) {
  link->resume_reading();
  link->write(to_buffer("question"));
  link->shutdown_send();
  link->write(to_buffer("ignored"));
  EXPECT_EQ(receive_all(far.fd()), "question");
  send_all(far.fd(), "answer");
  far.reset();
  EXPECT_TRUE(until([&] { return handler.ended; }));
  EXPECT_EQ(handler.text, "answer");
  EXPECT_TRUE(handler.broken.empty());
}

TEST_F(LinkTest, its_end_comes_after_everything_that_was_pending) {
  const std::size_t written = fill();
  link->shutdown_send();
  std::size_t got = 0;
  std::thread reader{[&] { got = receive_all(far.fd()).size(); }};
  EXPECT_TRUE(until([&] { return link->pending_bytes() == 0; }));
  reader.join();
  EXPECT_EQ(got, written);
}

session::Outbound owned(std::string_view text) {
  session::Outbound out;
  out.append(as_bytes(text));
  return out;
}

/// How many packets have come, the first one and acknowledgements too.
std::uint32_t packets_to(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_segs_in;
}

TEST_F(LinkTest, an_end_that_follows_at_once_shares_the_last_packet) {
  const auto packets_for = [this](Then then) {
    TcpPair pair = tcp_pair();
    Link one{loop, std::move(pair.near), handler};
    const std::uint32_t before = packets_to(pair.far.fd());
    one.write(owned("last"), {}, then);
    one.shutdown_send();
    EXPECT_EQ(receive_all(pair.far.fd()), "last");
    return packets_to(pair.far.fd()) - before;
  };
  EXPECT_EQ(packets_for(Then::perhaps_more), 2);
  EXPECT_EQ(packets_for(Then::end), 1);
}

TEST_F(LinkTest, an_end_that_was_to_follow_at_once_loses_nothing_of_what_the_socket_did_not_take) {
  const std::string much(16'000'000, 'x');
  link->write(owned(much), {}, Then::end);
  ASSERT_GT(link->pending_bytes(), 0U);
  link->close_when_written();
  std::string got;
  std::thread reader{[&] { got = receive_all(far.fd()); }};
  EXPECT_TRUE(until([&] { return link->pending_bytes() == 0; }));
  reader.join();
  EXPECT_TRUE(got == much) << got.size();
}

TEST_F(LinkTest, abort_resets_and_tells_nothing) {
  link->resume_reading();
  link->abort();
  EXPECT_EQ(error_at_the_end(far.fd()), ECONNRESET);
  EXPECT_FALSE(link->is_open());
  run_for(loop, 10ms);
  EXPECT_EQ(handler.calls, 0);
  EXPECT_FALSE(handler.ended);
  EXPECT_TRUE(handler.broken.empty());
}

TEST_F(LinkTest, destroyed_with_everything_written_it_ends_in_order) {
  link->write(to_buffer("all"));
  link.reset();
  EXPECT_EQ(receive_all(far.fd()), "all");
  EXPECT_EQ(error_at_the_end(far.fd()), 0);
}

TEST_F(LinkTest, destroyed_with_something_pending_it_resets_so_that_nothing_cut_looks_whole) {
  fill();
  link.reset();
  EXPECT_EQ(error_at_the_end(far.fd()), ECONNRESET);
}

TEST_F(LinkTest, calls_nobody_once_it_is_destroyed_even_if_its_turn_was_next) {
  Recorder other_handler;
  TcpPair pair = tcp_pair();
  auto other = std::make_unique<Link>(loop, std::move(pair.near), other_handler);
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    other.reset();
    return input.size();
  };
  other_handler.instead = [&](MutableBytes input, const ChunkRef&) {
    link.reset();
    return input.size();
  };
  link->resume_reading();
  other->resume_reading();
  run_ready(loop);
  send_all(far.fd(), "x");
  send_all(pair.far.fd(), "x");
  run_for(loop, 20ms);
  EXPECT_EQ(handler.calls + other_handler.calls, 1);
}

TEST_F(LinkTest, may_be_destroyed_in_each_callback) {
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    link.reset();
    EXPECT_EQ(as_text(input), "x") << "the input outlives the link until the callback returns";
    return input.size();
  };
  link->resume_reading();
  send_all(far.fd(), "x");
  EXPECT_TRUE(until([&] { return !link; }));

  connect({});
  handler.at_end = [&] { link.reset(); };
  link->resume_reading();
  far.reset();
  EXPECT_TRUE(until([&] { return !link; }));

  connect({});
  handler.at_break = [&] { link.reset(); };
  link->resume_reading();
  reset(far);
  EXPECT_TRUE(until([&] { return !link; }));

  connect({});
  handler.at_drain = [&] { link.reset(); };
  fill();
  std::thread reader{[&] { receive_all(far.fd()); }};
  EXPECT_TRUE(until([&] { return !link; }));
  reader.join();
}

TEST_F(LinkTest, holds_what_counts_the_connection_until_it_is_closed) {
  TcpPair pair = tcp_pair();
  auto token = std::make_shared<int>(1);
  pair.near.held = token;
  Link other{loop, std::move(pair.near), handler};
  EXPECT_EQ(token.use_count(), 2);
  other.abort();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(LinkTest, knows_its_addresses) {
  EXPECT_EQ(link->local_address(), remote_address_of(far.fd()));
  EXPECT_EQ(link->remote_address(), local_address_of(far.fd()));
}

// DS-14
TEST_F(LinkTest, a_peer_that_vanished_without_a_word_is_noticed_though_nothing_is_sent) {
  const int on = 1;
  if (setsockopt(far.fd(), IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) GTEST_SKIP() << "needs CAP_NET_ADMIN";
  link->probe_when_idle(1s);
  link->resume_reading();
  far.reset();  // in repair mode neither an end nor a reset is sent
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_FALSE(handler.ended);
}

TEST_F(LinkTest, a_peer_that_is_only_silent_is_left_alone) {
  link->probe_when_idle(1s);
  link->resume_reading();
  run_for(loop, 4s);
  EXPECT_TRUE(handler.broken.empty());
  send_all(far.fd(), "here");
  EXPECT_TRUE(until([&] { return handler.text == "here"; }));
}

// --- closing

TEST_F(LinkTest, closing_delivers_the_last_words_though_the_peer_had_sent_more) {
  send_all(far.fd(), pattern(0, 100'000));  // never read: a plain close would answer this with a reset
  link->write(to_buffer("last words"));
  link->close_when_written(1h);
  link.reset();
  EXPECT_EQ(loop.lingering(), 1U);
  run_ready(loop);
  EXPECT_EQ(receive_all(far.fd()), "last words");
  EXPECT_EQ(error_at_the_end(far.fd()), 0);
  send_all(far.fd(), "whatever");
  far.reset();
  EXPECT_TRUE(until([&] { return loop.lingering() == 0; }));
}

TEST_F(LinkTest, closing_sends_all_that_is_pending) {
  const std::size_t written = fill();
  link->close_when_written(1h);
  link.reset();
  std::string got;
  std::thread reader{[&] {
    got = receive_all(far.fd());
    far.reset();
  }};
  EXPECT_TRUE(until([&] { return loop.lingering() == 0; }));
  reader.join();
  EXPECT_TRUE(equal(as_bytes(got), pattern(0, written)));
}

TEST_F(LinkTest, closing_is_bounded_when_the_peer_never_reads) {
  fill();
  const TimePoint start = now();
  link->close_when_written(50ms);
  EXPECT_TRUE(until([&] { return loop.lingering() == 0; }));
  EXPECT_GE(now() - start, 50ms);
  EXPECT_FALSE(link->is_open());
  EXPECT_EQ(loop.chunks().in_use(), 0U);
}

TEST_F(LinkTest, closing_is_bounded_when_the_peer_never_ends) {
  link->close_when_written(50ms);
  EXPECT_TRUE(until([&] { return loop.lingering() == 0; }));
}

TEST_F(LinkTest, closing_after_both_sides_have_ended_is_at_once) {
  link->resume_reading();
  ::shutdown(far.fd(), SHUT_WR);
  ASSERT_TRUE(until([&] { return handler.ended; }));
  link->shutdown_send();
  link->close_when_written();
  EXPECT_EQ(loop.lingering(), 0U);
}

TEST_F(LinkTest, closing_calls_nobody) {
  link->resume_reading();
  send_all(far.fd(), "x");
  link->close_when_written(1h);
  far.reset();
  EXPECT_TRUE(until([&] { return loop.lingering() == 0; }));
  EXPECT_EQ(handler.calls, 0);
  EXPECT_FALSE(handler.ended);
  EXPECT_TRUE(handler.broken.empty());
}

TEST(LinkAlone, a_socket_that_cannot_be_watched_is_told_as_broken_later) {
  Recorder handler;
  Loop loop;
  Link link{loop, Socket{}, handler};
  link.resume_reading();
  link.write(to_buffer("nowhere"));
  EXPECT_TRUE(handler.broken.empty());
  EXPECT_TRUE(run_until(loop, [&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken[0].fault, Fault::internal_error);
  EXPECT_FALSE(link.is_open());
}

TEST(LinkAlone, may_still_be_closing_when_the_loop_goes) {
  Recorder handler;
  TcpPair pair = tcp_pair();
  Loop loop;
  auto link = std::make_unique<Link>(loop, std::move(pair.near), handler);
  link->close_when_written();
  link.reset();
}

TEST(LinkAlone, does_not_look_whole_when_the_loop_goes_before_all_is_sent) {
  Recorder handler;
  TcpPair pair = tcp_pair();
  {
    Loop loop;
    Link link{loop, std::move(pair.near), handler};
    while (link.pending_bytes() == 0) link.write(pattern(0, 1'000'000));
    link.close_when_written();
  }
  EXPECT_EQ(error_at_the_end(pair.far.fd()), ECONNRESET);
}

}  // namespace
}  // namespace louver::runtime
