#include <gtest/gtest.h>

#include "sim/path.h"

namespace louver::sim {
namespace {

class PathLength : public testing::TestWithParam<std::size_t> {};

TEST_P(PathLength, agrees_and_carries_a_request_and_its_answer) {
  Path path{{.middleboxes = GetParam(),
             .grants = grants_from(
                 "M1: head=read, rbody=write; M2: body=write, rhead=inspect; M4: body=redact, head=inspect")}};
  const bool established = path.establish();
  for (std::size_t i = 0; i < GetParam() + 2; ++i) {
    EXPECT_FALSE(path.error(i)) << i << ": " << describe(*path.error(i));
  }
  ASSERT_TRUE(established);
  auto session = path.join();
  session->start();
  for (const char* context : {"head", "cred", "body"})
    session->send(Side::client, context, std::string{"c2s "} + context, 1, true, false);
  session->run();
  for (const char* context : {"rhead", "rcred", "rbody"})
    session->send(Side::server, context, std::string{"s2c "} + context);
  session->finish(Side::client);
  session->finish(Side::server);
  for (std::size_t i = 0; i < GetParam() + 2; ++i) {
    EXPECT_FALSE(session->error(i)) << i << ": " << describe(*session->error(i));
  }
  for (const char* context : {"head", "cred", "body"})
    EXPECT_EQ(session->got(Side::server, context), std::string{"c2s "} + context);
  for (const char* context : {"rhead", "rcred", "rbody"})
    EXPECT_EQ(session->got(Side::client, context), std::string{"s2c "} + context);
  EXPECT_TRUE(session->client().engine->received_end());
  EXPECT_TRUE(session->server().engine->received_end());
}

INSTANTIATE_TEST_SUITE_P(Middleboxes, PathLength, testing::Values(0, 1, 2, 4, 8));

}  // namespace
}  // namespace louver::sim
