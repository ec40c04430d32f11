#include "measure/conversation.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "measure/message.h"
#include "measure/origin.h"
#include "runtime/clock.h"

namespace louver::measure {
namespace {

Patience patience() { return {.stop = {}, .until = runtime::now() + std::chrono::seconds{20}}; }

TEST(MessageHead, is_read_as_it_was_written) {
  const MessageHead head{.follow = 0x0123456789abcdef, .answer = 65536};
  const auto octets = head.write();
  const MessageHead read = MessageHead::read(octets);
  EXPECT_EQ(read.follow, head.follow);
  EXPECT_EQ(read.answer, head.answer);
  EXPECT_EQ(octet(octets, 0), 0x01);
}

TEST(Conversation, with_an_origin_gets_each_answer_and_an_end) {
  const auto origin = Origin::start();
  ASSERT_TRUE(origin);
  auto one = Conversation::open((*origin)->port(), patience());
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->exchange(MessageHead::octets, 1, patience()));
  EXPECT_TRUE(one->exchange(3'000'001, 8, patience()));
  EXPECT_TRUE(one->exchange(100, MessageHead::answer_octets_most, patience()));
  EXPECT_TRUE(one->end(patience()));
}

TEST(Conversation, is_not_answered_more_than_an_origin_allows) {
  const auto origin = Origin::start();
  ASSERT_TRUE(origin);
  auto one = Conversation::open((*origin)->port(), patience());
  ASSERT_TRUE(one);
  const auto said = one->exchange(100, MessageHead::answer_octets_most + 1, patience());
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().fault, Fault::connection_lost);
}

TEST(Conversation, whose_other_end_never_answers_ends_in_time) {
  const runtime::Descriptor silent{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(silent.fd(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(silent.fd(), 1), 0);
  ASSERT_EQ(::getsockname(silent.fd(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const Patience little{.stop = {}, .until = runtime::now() + std::chrono::milliseconds{300}};
  const auto held = hold_conversations(ntohs(address.sin_port), 1, little);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().fault, Fault::timeout);
}

TEST(Conversation, that_is_told_to_stop_stops) {
  const auto origin = Origin::start();
  ASSERT_TRUE(origin);
  std::stop_source source;
  source.request_stop();
  const auto held = hold_conversations((*origin)->port(), 1, {source.get_token(), patience().until});
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().fault, Fault::revoked);
}

TEST(RoundTrips, are_as_many_as_were_asked_for) {
  const auto origin = Origin::start();
  ASSERT_TRUE(origin);
  const auto trips = time_round_trips((*origin)->port(), 100, 25, patience());
  ASSERT_TRUE(trips);
  EXPECT_EQ(trips->size(), 25U);
  for (const double one : *trips) EXPECT_GT(one, 0);
}

TEST(Conversations, stay_open_beside_each_other) {
  const auto origin = Origin::start();
  ASSERT_TRUE(origin);
  std::vector<Conversation> open;
  ASSERT_TRUE(open_more(open, (*origin)->port(), 5, patience()));
  ASSERT_TRUE(open_more(open, (*origin)->port(), 5, patience()));
  ASSERT_EQ(open.size(), 10U);
  for (Conversation& one : open) EXPECT_TRUE(one.exchange(100, 100, patience()));
  EXPECT_TRUE(end_all(open, patience()));
  EXPECT_TRUE(open.empty());
}

}  // namespace
}  // namespace louver::measure
