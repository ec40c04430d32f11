#include "runtime/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "runtime/test_link.h"

namespace louver::runtime {
namespace {

using namespace testing;

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
