#include "profile/stream1/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace louver::profile::stream1 {
namespace {

constexpr ContextIds ids = {.upstream = ContextId{7}, .downstream = ContextId{9}};

struct Sink final : session::PartSink {
  Result<> on_part(const session::Part& part) override {
    bytes += as_text(part.bytes);
    ends.push_back(part.end);
    last = part;
    return {};
  }
  std::string bytes;
  std::vector<bool> ends;
  session::Part last{};
};

session::Part part(ContextId context, Direction direction, std::string_view bytes, bool end = false) {
  return {.context = context, .direction = direction, .exchange = Exchange{0}, .bytes = as_bytes(bytes), .end = end};
}

TEST(Stream, sends_bytes_at_once_and_one_end) {
  for (const Side side : {Side::client, Side::server}) {
    Sink sink;
    Codec codec{side, ids, sink};
    ASSERT_TRUE(codec.from_application(as_bytes("ab")));
    ASSERT_TRUE(codec.from_application({}));
    ASSERT_TRUE(codec.from_application(as_bytes("c")));
    ASSERT_TRUE(codec.application_closed());
    ASSERT_TRUE(codec.application_closed());
    EXPECT_EQ(sink.bytes, "abc");
    EXPECT_EQ(sink.ends, (std::vector{false, false, true}));
    EXPECT_EQ(sink.last.context, side == Side::client ? ids.upstream : ids.downstream);
    EXPECT_EQ(sink.last.direction, direction_from(side));
    EXPECT_EQ(sink.last.exchange, Exchange{0});
    EXPECT_EQ(codec.from_application(as_bytes("d")).error().fault, Fault::closed);
  }
}

TEST(Stream, hands_parts_over_until_its_end) {
  Sink sink;
  Codec codec{Side::client, ids, sink};
  EXPECT_EQ(as_text(*codec.from_path(part(ids.downstream, Direction::s2c, "abc"))), "abc");
  EXPECT_FALSE(codec.path_ended());
  EXPECT_FALSE(codec.on_session_end(true)) << "cut off before the end of the message";
  EXPECT_EQ(as_text(*codec.from_path(part(ids.downstream, Direction::s2c, "d", true))), "d");
  EXPECT_TRUE(codec.path_ended());
  EXPECT_TRUE(codec.on_session_end(true));
  EXPECT_FALSE(codec.on_session_end(false));
  EXPECT_EQ(codec.from_path(part(ids.downstream, Direction::s2c, "e")).error().fault, Fault::record_order);
}

TEST(Stream, refuses_parts_that_are_not_its_own) {
  Sink sink;
  Codec codec{Side::server, ids, sink};
  EXPECT_EQ(codec.from_path(part(ids.downstream, Direction::c2s, "x")).error().fault, Fault::record_context);
  EXPECT_EQ(codec.from_path(part(ids.upstream, Direction::s2c, "x")).error().fault, Fault::record_context);
  session::Part numbered = part(ids.upstream, Direction::c2s, "x");
  numbered.exchange = Exchange{1};
  EXPECT_EQ(codec.from_path(numbered).error().fault, Fault::record_exchange);
}

TEST(Stream, fills_a_tombstone_to_its_length) {
  Sink sink;
  Codec codec{Side::server, ids, sink};
  session::Part tombstone = part(ids.upstream, Direction::c2s, "");
  tombstone.redacted = true;
  tombstone.redacted_bytes = 4;
  EXPECT_EQ(as_text(*codec.from_path(tombstone)), "xxxx");
  tombstone.redacted_bytes = 65537;
  EXPECT_EQ(codec.from_path(tombstone).error().fault, Fault::limit_exceeded);
}

}  // namespace
}  // namespace louver::profile::stream1
