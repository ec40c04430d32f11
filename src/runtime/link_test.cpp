#include "runtime/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using namespace testing;

constexpr std::size_t chunk_bytes = 64 * 1024;

/// A link and the other end of its connection as a plain socket.
class LinkTest : public ::testing::Test {
 protected:
  LinkTest() { connect({}); }

  void connect(const LinkOptions& options) {
    TcpPair pair = tcp_pair();
    far = std::move(pair.far);
    link = std::make_unique<Link>(loop, std::move(pair.near), handler, options);
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, done); }
  /// Writes until the peer's window and our buffers are full and more than the high-water mark waits.
  std::size_t fill() {
    std::size_t written = 0;
    while (!link->above_high_water()) {
      link->write(pattern(written, 64 * 1024));
      written += 64 * 1024;
      run_ready(loop);
    }
    return written;
  }

  Loop loop{chunk_bytes};
  Recorder handler;
  Descriptor far;
  std::unique_ptr<Link> link;
};

// --- reading

TEST_F(LinkTest, brings_nothing_before_it_is_told_to_read) {
  send_all(far.fd(), "early");
  run_for(loop, 20ms);
  EXPECT_EQ(handler.calls, 0);
  EXPECT_TRUE(link->is_paused());
  link->resume_reading();
  EXPECT_EQ(handler.calls, 0) << "not from within the method";
  EXPECT_TRUE(until([&] { return handler.text == "early"; }));
}

TEST_F(LinkTest, brings_all_bytes_and_then_the_end) {
  link->resume_reading();
  send_all(far.fd(), "one");
  EXPECT_TRUE(until([&] { return handler.text == "one"; }));
  send_all(far.fd(), "two");
  far.reset();
  EXPECT_TRUE(until([&] { return handler.ended; }));
  EXPECT_EQ(handler.text, "onetwo");
  EXPECT_TRUE(handler.broken.empty());
  EXPECT_TRUE(link->is_open());
}

TEST_F(LinkTest, brings_a_partial_frame_again_with_what_follows) {
  std::vector<std::string> seen;
  handler.instead = [&](MutableBytes input, const ChunkRef&) -> std::size_t {
    seen.emplace_back(as_text(input));
    return input.size() / 4 * 4;
  };
  link->resume_reading();
  send_all(far.fd(), "abcdef");
  ASSERT_TRUE(until([&] { return seen.size() == 1; }));
  EXPECT_EQ(link->buffered_bytes(), 2U);
  send_all(far.fd(), "gh");
  ASSERT_TRUE(until([&] { return seen.size() == 2; }));
  EXPECT_EQ(seen.back(), "efgh");
  EXPECT_EQ(link->buffered_bytes(), 0U);
}

TEST_F(LinkTest, is_quiet_while_the_socket_has_nothing_that_was_not_told) {
  EXPECT_TRUE(link->is_quiet());
  send_all(far.fd(), "x");
  EXPECT_TRUE(until([&] { return !link->is_quiet(); })) << "before it is read";
  bool quiet_before = false;
  bool quiet_after = true;
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    quiet_before = link->is_quiet();
    send_all(far.fd(), "y");
    quiet_after = link->is_quiet();
    link->pause_reading();
    return input.size();
  };
  link->resume_reading();
  EXPECT_TRUE(until([&] { return link->is_paused(); }));
  EXPECT_TRUE(quiet_before) << "what is being told does not count";
  EXPECT_FALSE(quiet_after) << "what comes meanwhile does";
  handler.instead = {};
  link->resume_reading();
  EXPECT_TRUE(until([&] { return handler.text == "y"; }));
  EXPECT_TRUE(link->is_quiet());
  link->pause_reading();
  far.reset();
  EXPECT_TRUE(until([&] { return !link->is_quiet(); })) << "the end, before it is told";
  link->resume_reading();
  EXPECT_TRUE(until([&] { return handler.ended; }));
  EXPECT_FALSE(link->is_quiet()) << "and after";
}

TEST_F(LinkTest, at_the_end_tells_how_much_stayed_incomplete) {
  handler.instead = [](MutableBytes, const ChunkRef&) { return std::size_t{0}; };
  link->resume_reading();
  send_all(far.fd(), "half");
  far.reset();
  ASSERT_TRUE(until([&] { return handler.ended; }));
  EXPECT_EQ(link->buffered_bytes(), 4U);
}

/// Consumes frames of a length octet and as many octets.
std::size_t consume_frames(MutableBytes input, std::string& contents) {
  std::size_t consumed = 0;
  while (consumed < input.size()) {
    const auto size = std::to_integer<std::size_t>(input[consumed]);
    if (input.size() - consumed < 1 + size) break;
    contents += as_text(input.subspan(consumed + 1, size));
    contents += '|';
    consumed += 1 + size;
  }
  return consumed;
}

TEST_F(LinkTest, gives_the_same_frames_however_the_bytes_are_cut) {
  std::mt19937 random{7};
  std::string stream;
  std::string expected;
  for (int i = 0; i < 400; ++i) {
    const std::string content(random() % 256, static_cast<char>('a' + i % 26));
    stream += static_cast<char>(content.size());
    stream += content;
    expected += content + "|";
  }
  for (const std::size_t most : {std::size_t{1}, std::size_t{3}, std::size_t{700}, stream.size()}) {
    connect({});
    std::string contents;
    handler.instead = [&](MutableBytes input, const ChunkRef&) { return consume_frames(input, contents); };
    link->resume_reading();
    std::string_view rest = std::string_view{stream}.substr(0, most < 10 ? 3000 : stream.size());
    const bool whole = rest.size() == stream.size();
    while (!rest.empty()) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), 1 + random() % most);
      send_all(far.fd(), rest.substr(0, piece));
      rest.remove_prefix(piece);
      run_ready(loop);
    }
    far.reset();
    ASSERT_TRUE(until([&] { return handler.ended; }));
    EXPECT_GT(contents.size(), 2000U);
    EXPECT_EQ(contents, whole ? expected : expected.substr(0, contents.size()));
    handler.ended = false;
  }
}

TEST_F(LinkTest, never_overwrites_consumed_bytes_while_their_chunk_is_held) {
  std::vector<std::pair<MutableBytes, ChunkRef>> held;
  std::size_t have = 0;
  handler.instead = [&](MutableBytes input, const ChunkRef& chunk) {
    const std::size_t consumed =
        input.size() - std::min<std::size_t>(input.size() - 1, have % 5);  // mostly leaves some
    held.emplace_back(input.first(consumed), chunk);
    have += consumed;
    return consumed;
  };
  link->resume_reading();
  const std::size_t size = 3'000'000;
  std::thread sender{[&] {
    send_all(far.fd(), pattern(0, size));
    far.reset();
  }};
  EXPECT_TRUE(until([&] { return handler.ended; }));
  sender.join();
  EXPECT_GE(have + link->buffered_bytes(), size);
  std::size_t at = 0;
  for (const auto& [view, chunk] : held) {
    ASSERT_TRUE(equal(view, pattern(at, view.size()))) << "at octet " << at;
    at += view.size();
  }
  held.clear();
  link.reset();
  EXPECT_EQ(loop.chunks().in_use(), 0U);
}

TEST_F(LinkTest, bytes_may_be_changed_in_place) {
  handler.instead = [&](MutableBytes input, const ChunkRef& chunk) {
    std::ranges::reverse(input);
    session::Outbound out;
    out.forward(input);
    link->write(std::move(out), chunk);
    return input.size();
  };
  link->resume_reading();
  send_all(far.fd(), "abc");
  std::string back;
  std::thread reader{[&] { back = receive_all(far.fd(), 3); }};
  EXPECT_TRUE(until([&] { return handler.calls == 1; }));
  reader.join();
  EXPECT_EQ(back, "cba");
}

TEST_F(LinkTest, holds_no_chunk_while_idle_even_with_half_a_frame) {
  handler.instead = [](MutableBytes, const ChunkRef&) { return std::size_t{0}; };
  link->resume_reading();
  EXPECT_EQ(loop.chunks().in_use(), 0U);
  for (int i = 1; i <= 20; ++i) {
    send_all(far.fd(), "x");
    ASSERT_TRUE(until([&] { return link->buffered_bytes() == static_cast<std::size_t>(i); }));
    run_ready(loop);
    EXPECT_EQ(loop.chunks().in_use(), 0U);
  }
}

TEST_F(LinkTest, takes_a_frame_as_large_as_a_chunk) {
  std::string seen;
  handler.instead = [&](MutableBytes input, const ChunkRef&) -> std::size_t {
    if (input.size() < chunk_bytes) return 0;
    seen = as_text(input);
    return input.size();
  };
  link->resume_reading();
  std::thread sender{[&] { send_all(far.fd(), pattern(0, chunk_bytes)); }};
  EXPECT_TRUE(until([&] { return !seen.empty(); }));
  sender.join();
  EXPECT_TRUE(equal(as_bytes(seen), pattern(0, chunk_bytes)));
  EXPECT_TRUE(handler.broken.empty());
}

TEST_F(LinkTest, breaks_when_a_full_chunk_is_no_frame) {
  handler.instead = [](MutableBytes, const ChunkRef&) { return std::size_t{0}; };
  link->resume_reading();
  std::thread sender{[&] { send_all(far.fd(), pattern(0, chunk_bytes)); }};
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  sender.join();
  EXPECT_EQ(handler.broken.at(0).fault, Fault::limit_exceeded);
  EXPECT_FALSE(link->is_open());
}

TEST_F(LinkTest, a_full_chunk_may_wait_while_reading_is_paused_but_not_after) {
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    if (input.size() == chunk_bytes && handler.drained == 0) {
      link->pause_reading();
      handler.drained = 1;  // marks the first time
    }
    return std::size_t{0};
  };
  link->resume_reading();
  std::thread sender{[&] { send_all(far.fd(), pattern(0, chunk_bytes)); }};
  EXPECT_TRUE(until([&] { return handler.drained == 1; }));
  sender.join();
  run_for(loop, 20ms);
  EXPECT_TRUE(handler.broken.empty());
  link->resume_reading();
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken.at(0).fault, Fault::limit_exceeded);
}

TEST_F(LinkTest, breaks_when_more_is_consumed_than_there_is) {
  handler.instead = [](MutableBytes input, const ChunkRef&) { return input.size() + 1; };
  link->resume_reading();
  send_all(far.fd(), "x");
  EXPECT_TRUE(until([&] { return !handler.broken.empty(); }));
  EXPECT_EQ(handler.broken.at(0).fault, Fault::internal_error);
}

// --- pausing

TEST_F(LinkTest, paused_within_on_bytes_it_brings_the_rest_after_resuming_without_new_bytes) {
  std::vector<std::string> seen;
  bool inside = false;
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    EXPECT_FALSE(inside) << "recursion";
    inside = true;
    seen.emplace_back(as_text(input));
    link->pause_reading();
    if (seen.size() == 2) link->resume_reading();
    inside = false;
    return std::size_t{2};
  };
  link->resume_reading();
  send_all(far.fd(), "abcdef");
  ASSERT_TRUE(until([&] { return seen.size() == 1; }));
  run_for(loop, 20ms);
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_EQ(link->buffered_bytes(), 4U);
  link->resume_reading();
  EXPECT_EQ(seen.size(), 1U) << "not from within the method";
  ASSERT_TRUE(until([&] { return seen.size() == 3; }));
  EXPECT_THAT(seen, ::testing::ElementsAre("abcdef", "cdef", "ef"));
}

TEST_F(LinkTest, paused_and_resumed_within_on_bytes_it_brings_the_rest_before_the_end) {
  std::vector<std::string> seen;
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    EXPECT_FALSE(handler.ended);
    seen.emplace_back(as_text(input));
    link->pause_reading();
    link->resume_reading();
    return std::size_t{3};
  };
  send_all(far.fd(), "abcdef");
  far.reset();  // the end is there before the first octet is read
  run_for(loop, 20ms);
  link->resume_reading();
  ASSERT_TRUE(until([&] { return handler.ended; }));
  EXPECT_THAT(seen, ::testing::ElementsAre("abcdef", "def"));
}

TEST_F(LinkTest, paused_it_tells_neither_bytes_nor_end) {
  link->resume_reading();
  run_ready(loop);
  link->pause_reading();
  send_all(far.fd(), "later");
  far.reset();
  run_for(loop, 30ms);
  EXPECT_EQ(handler.calls, 0);
  EXPECT_FALSE(handler.ended);
  link->resume_reading();
  EXPECT_TRUE(until([&] { return handler.ended; }));
  EXPECT_EQ(handler.text, "later");
}

TEST_F(LinkTest, pausing_and_resuming_many_times_brings_each_byte_once) {
  handler.instead = [&](MutableBytes input, const ChunkRef&) {
    const std::size_t consumed = (input.size() + 1) / 2;
    handler.append_text(input.first(consumed));
    link->pause_reading();
    link->resume_reading();
    link->pause_reading();
    loop.post([&] { link->resume_reading(); });
    return consumed;
  };
  link->resume_reading();
  const Buffer sent = pattern(0, 200'000);
  std::thread sender{[&] {
    send_all(far.fd(), sent);
    far.reset();
  }};
  EXPECT_TRUE(until([&] { return handler.ended && link->buffered_bytes() == 0; }));
  sender.join();
  EXPECT_TRUE(equal(as_bytes(handler.text), sent));
}

TEST_F(LinkTest, a_paused_peer_cannot_send_without_bound) {
  link->resume_reading();
  run_ready(loop);
  link->pause_reading();
  std::atomic<bool> blocked{false};
  timeval short_time{.tv_sec = 0, .tv_usec = 100'000};
  setsockopt(far.fd(), SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof short_time);
  std::thread sender{[&] {
    const Buffer some = pattern(0, 1024 * 1024);
    for (int i = 0; i < 64 && !blocked; ++i) {
      if (::send(far.fd(), some.data(), some.size(), MSG_NOSIGNAL) < static_cast<ssize_t>(some.size())) blocked = true;
    }
  }};
  sender.join();
  EXPECT_TRUE(blocked);
  EXPECT_EQ(loop.chunks().in_use(), 0U);
}

// --- waiting costs nothing

class LinkIdle : public LinkTest {
 protected:
  void expect_no_work() {
    run_ready(loop);
    const Duration before = cpu_time();
    run_for(loop, 300ms);
    EXPECT_LT(cpu_time() - before, 30ms) << "a busy loop";
  }
};

TEST_F(LinkIdle, while_the_peer_is_silent) {
  link->resume_reading();
  expect_no_work();
}

TEST_F(LinkIdle, while_paused_with_bytes_in_the_socket) {
  send_all(far.fd(), "waiting");
  expect_no_work();
  link->resume_reading();
  run_ready(loop);
  link->pause_reading();
  send_all(far.fd(), "waiting");
  expect_no_work();
}

TEST_F(LinkIdle, after_the_peer_has_ended) {
  link->resume_reading();
  ::shutdown(far.fd(), SHUT_WR);
  ASSERT_TRUE(until([&] { return handler.ended; }));
  expect_no_work();
  link->shutdown_send();
  expect_no_work();
}

TEST_F(LinkIdle, while_paused_and_the_peer_has_reset) {
  link->resume_reading();
  run_ready(loop);
  link->pause_reading();
  reset(far);
  expect_no_work();
}

TEST_F(LinkIdle, while_the_peer_takes_nothing) {
  link->resume_reading();
  fill();
  expect_no_work();
  EXPECT_TRUE(link->above_high_water());
  EXPECT_TRUE(handler.broken.empty());
}

TEST_F(LinkIdle, while_urgent_bytes_wait) {
  link->resume_reading();
  run_ready(loop);
  ASSERT_EQ(::send(far.fd(), "!", 1, MSG_OOB), 1);
  expect_no_work();
}

TEST_F(LinkIdle, while_closing_to_a_peer_that_takes_nothing) {
  fill();
  link->close_when_written(10s);
  expect_no_work();
  link.reset();
}

// --- writing

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

/// Reads everything; the error that it ended with, 0 for an orderly end.
int error_at_the_end(int fd) {
  Buffer part(4096);
  while (true) {
    const ssize_t got = ::recv(fd, part.data(), part.size(), 0);
    if (got <= 0) return got < 0 ? errno : 0;
  }
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

// --- many links

// DS-09
TEST(LinkFairness, a_flood_does_not_keep_others_from_their_turn) {
  Loop loop{4 * 1024};
  Recorder flooded;
  Recorder quiet;
  TcpPair flood = tcp_pair();
  TcpPair other = tcp_pair();
  send_all(flood.far.fd(), pattern(0, 100'000));
  send_all(other.far.fd(), "x");
  Link flooded_link{loop, std::move(flood.near), flooded};
  Link quiet_link{loop, std::move(other.near), quiet};
  flooded_link.resume_reading();
  quiet_link.resume_reading();
  EXPECT_TRUE(run_until(loop, [&] { return quiet.text == "x"; }));
  EXPECT_LE(flooded.text.size(), 50'000U);
  EXPECT_TRUE(run_until(loop, [&] { return flooded.text.size() == 100'000; }));
}

/// What a relaying middlebox does: forwards from one link to the other without a copy, and stops reading while that one
/// is full.
class Forwarder final : public LinkHandler {
 public:
  void between(Link& from, Link& to) {
    from_ = &from;
    to_ = &to;
  }
  std::size_t on_bytes(MutableBytes input, const ChunkRef& chunk) override {
    session::Outbound out;
    out.forward(input);
    to_->write(std::move(out), chunk);
    most_pending = std::max(most_pending, to_->pending_bytes());
    if (to_->above_high_water()) {
      from_->pause_reading();
      ++times_blocked;
    }
    return input.size();
  }
  void on_end() override {
    to_->shutdown_send();
    ended = true;
  }
  void on_broken(const Error& error) override { ADD_FAILURE() << describe(error); }
  void on_drained() override { to_read_on->resume_reading(); }

  Link* to_read_on = nullptr;  // whose bytes wait in the link that has drained
  std::size_t most_pending = 0;
  bool ended = false;
  std::atomic<int> times_blocked{0};

 private:
  Link* from_ = nullptr;
  Link* to_ = nullptr;
};

TEST(LinkRelay, passes_64_MiB_to_a_slow_reader_intact_without_copies_and_with_bounded_memory) {
  constexpr std::size_t size = 64 * 1024 * 1024;
  Loop loop;
  Forwarder forth;
  Forwarder back;
  TcpPair left = tcp_pair();
  TcpPair right = tcp_pair();
  Link from{loop, std::move(left.near), forth};
  Link to{loop, std::move(right.near), back};
  forth.between(from, to);
  back.between(to, from);
  forth.to_read_on = &to;
  back.to_read_on = &from;
  from.resume_reading();
  to.resume_reading();

  std::thread sender{[&] {
    for (std::size_t at = 0; at < size; at += 1024 * 1024) send_all(left.far.fd(), pattern(at, 1024 * 1024));
    ::shutdown(left.far.fd(), SHUT_WR);
  }};
  std::atomic<bool> intact{true};
  std::atomic<bool> read_all{false};
  std::thread reader{[&] {
    while (forth.times_blocked == 0) std::this_thread::yield();  // so slow that everything is full first
    std::size_t at = 0;
    Buffer part(20'000);
    while (true) {
      const ssize_t got = ::recv(right.far.fd(), part.data(), part.size(), 0);
      if (got <= 0) break;
      const auto count = static_cast<std::size_t>(got);
      if (!equal(Bytes{part}.first(count), pattern(at, count))) intact = false;
      at += count;
    }
    if (at != size) intact = false;
    read_all = true;  // before what wakes the loop up to see it
    send_all(right.far.fd(), "thanks");
    ::shutdown(right.far.fd(), SHUT_WR);
  }};
  std::size_t most_chunks = 0;
  EXPECT_TRUE(loop.run_until(
      [&] {
        most_chunks = std::max(most_chunks, loop.chunks().in_use());
        return read_all.load();
      },
      now() + 120s));
  std::string answer;
  std::thread last{[&] { answer = receive_all(left.far.fd()); }};
  EXPECT_TRUE(run_until(loop, [&] { return back.ended && from.pending_bytes() == 0 && loop.chunks().in_use() == 0; }));
  sender.join();
  reader.join();
  last.join();
  EXPECT_TRUE(intact);
  EXPECT_EQ(answer, "thanks");
  EXPECT_GT(forth.times_blocked, 0);
  EXPECT_LE(forth.most_pending, 256U * 1024 + default_chunk_bytes * large_chunk_factor);
  EXPECT_LE(most_chunks, 12U);
}

}  // namespace
}  // namespace louver::runtime
