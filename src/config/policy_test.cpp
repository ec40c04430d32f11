#include "config/policy.h"

#include <gtest/gtest.h>

namespace louver::config {
namespace {

using session::Grant;

const std::vector<GrantMatrix::Context> contexts = {
    {"head", {true, false}}, {"body", {true, false}}, {"answer", {false, true}}, {"stream", {true, true}}};
constexpr Direction c2s = Direction::c2s;
constexpr Direction s2c = Direction::s2c;

/// One middlebox "m1" with this grant on "stream" in both directions.
GrantMatrix offered(Grant grant) {
  GrantMatrix matrix{{"m1"}, contexts};
  matrix.at(0, 3, c2s) = grant;
  matrix.at(0, 3, s2c) = grant;
  return matrix;
}

Gateway gateway_with(Approval approval) {
  Gateway gateway;
  gateway.middleboxes.push_back(std::move(approval));
  return gateway;
}

constexpr Grant all_grants[] = {Grant::none, Grant::read, Grant::inspect, Grant::redact, Grant::write};

TEST(Policy, accepts_the_lower_of_what_is_offered_and_what_is_allowed) {
  for (Grant ask : all_grants) {
    for (Grant most : all_grants) {
      const auto accepted =
          decide(gateway_with({.name = "m1", .grants = {{"stream", most, Grant::read}}}), offered(ask));
      ASSERT_TRUE(accepted);
      EXPECT_EQ(accepted->at(0, 3, c2s), std::min(ask, most));
      EXPECT_EQ(accepted->at(0, 3, s2c), std::min(ask, Grant::read));
    }
  }
}

TEST(Policy, grants_nothing_that_is_not_written) {
  const auto accepted = decide(gateway_with({.name = "m1"}), offered(Grant::write));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(*accepted, (GrantMatrix{{"m1"}, contexts}));
}

TEST(Policy, refuses_a_middlebox_that_nobody_approved) {
  const auto refused = decide(Gateway{}, offered(Grant::none));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::grant_refused);
  EXPECT_EQ(refused.error().detail, "m1: no [[middlebox]] of the configuration approves it");
}

TEST(Policy, refuses_a_middlebox_that_the_file_refuses) {
  const auto refused = decide(gateway_with({.name = "m1", .refuse = true}), offered(Grant::none));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::grant_refused);
}

TEST(Policy, refuses_a_path_without_a_required_middlebox) {
  const Gateway gateway = gateway_with({.name = "m1", .required = true});
  EXPECT_TRUE(decide(gateway, offered(Grant::none)));
  const auto refused = decide(gateway, GrantMatrix{{}, contexts});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "m1: the configuration requires it, and it is not on the path");
}

TEST(Policy, refuses_less_than_the_minimum_and_takes_the_minimum) {
  const Gateway gateway = gateway_with({.name = "m1",
                                        .grants = {{"stream", Grant::write, Grant::write}},
                                        .minimum = {{"stream", Grant::inspect, Grant::none}}});
  EXPECT_TRUE(decide(gateway, offered(Grant::inspect)));
  EXPECT_TRUE(decide(gateway, offered(Grant::write)));
  const auto refused = decide(gateway, offered(Grant::read));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::grant_refused);
  EXPECT_EQ(refused.error().detail, "m1, stream c2s: read is below the minimum inspect");
}

TEST(Policy, refuses_where_the_context_of_a_minimum_is_missing) {
  const Gateway gateway = gateway_with(
      {.name = "m1", .grants = {{"x", Grant::read, Grant::read}}, .minimum = {{"x", Grant::read, Grant::none}}});
  EXPECT_FALSE(decide(gateway, offered(Grant::write)));
}

TEST(Policy, does_not_ask_for_a_minimum_in_a_direction_that_the_context_lacks) {
  const Gateway gateway = gateway_with(
      {.name = "m1", .grants = {{"body", Grant::read, Grant::read}}, .minimum = {{"body", Grant::read, Grant::read}}});
  GrantMatrix matrix{{"m1"}, contexts};
  matrix.at(0, 1, c2s) = Grant::read;
  EXPECT_TRUE(decide(gateway, matrix));
}

Route route_with(Grants grants, Grants minimum = {}) {
  Route route;
  route.name = "r";
  route.middleboxes.push_back(
      {.name = "m1", .port = 1, .grants = std::move(grants), .minimum = std::move(minimum), .place = "f:1:1"});
  return route;
}

TEST(Policy, offers_what_the_route_says_in_the_directions_that_exist) {
  const auto matrix =
      offer(route_with({{"body", Grant::write, Grant::write}, {"stream", Grant::read, Grant::redact}}), contexts);
  ASSERT_TRUE(matrix) << matrix.error().detail;
  EXPECT_EQ(matrix->at(0, 0, c2s), Grant::none);
  EXPECT_EQ(matrix->at(0, 1, c2s), Grant::write);
  EXPECT_EQ(matrix->at(0, 1, s2c), Grant::none);
  EXPECT_EQ(matrix->at(0, 3, c2s), Grant::read);
  EXPECT_EQ(matrix->at(0, 3, s2c), Grant::redact);
}

TEST(Policy, complains_of_grants_that_can_never_act) {
  const auto unknown = offer(route_with({{"bodi", Grant::read, Grant::read}}), contexts);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, Fault::configuration);
  EXPECT_EQ(unknown.error().detail,
            "f:1:1: the profile \"http/1\" has no context \"bodi\": head, body, answer, stream are there");
  const auto direction = offer(route_with({{"body", Grant::none, Grant::read}}), contexts);
  ASSERT_FALSE(direction);
  EXPECT_EQ(direction.error().detail,
            "f:1:1: the context \"body\" does not go in the direction of this grant, which could never act");
  EXPECT_FALSE(offer(route_with({}, {{"bodi", Grant::none, Grant::none}}), contexts));
}

TEST(Policy, of_an_agent_refuses_an_answer_below_its_minimum) {
  const Route route = route_with({{"stream", Grant::write, Grant::write}}, {{"stream", Grant::none, Grant::inspect}});
  EXPECT_TRUE(check_accepted(route, offered(Grant::inspect)));
  const auto refused = check_accepted(route, offered(Grant::read));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::grant_refused);
  EXPECT_EQ(refused.error().detail, "m1, stream s2c: read is below the minimum inspect");
}

TEST(Policy, of_an_agent_refuses_an_answer_about_others) {
  const Route route = route_with({});
  EXPECT_FALSE(check_accepted(route, GrantMatrix{{"m2"}, contexts}));
  EXPECT_FALSE(check_accepted(route, GrantMatrix{{}, contexts}));
  EXPECT_FALSE(check_accepted(route, GrantMatrix{{"m1", "m2"}, contexts}));
}

TEST(Policy, explains_itself_as_a_matrix) {
  GrantMatrix matrix{{"m1.example", "m2"}, contexts};
  matrix.at(0, 1, c2s) = Grant::inspect;
  matrix.at(1, 3, s2c) = Grant::write;
  EXPECT_EQ(explain(matrix),
            "context       m1.example  m2\n"
            "head     c2s  -           -\n"
            "body     c2s  inspect     -\n"
            "answer   s2c  -           -\n"
            "stream   c2s  -           -\n"
            "stream   s2c  -           write\n");
  EXPECT_EQ(explain(GrantMatrix{{}, contexts}), "no middlebox takes part\n");
}

TEST(Policy, explains_the_most_that_a_gateway_gives) {
  const auto gateway = load<Gateway>(LOUVER_SOURCE_DIR "/examples/gateway.toml");
  ASSERT_TRUE(gateway);
  EXPECT_EQ(explain(most_allowed(*gateway)),
            "context                   scanner.example  vault.example\n"
            "request-head         c2s  read             -\n"
            "request-head         s2c  read             -\n"
            "request-body         c2s  inspect          -\n"
            "request-body         s2c  inspect          -\n"
            "response-body        c2s  inspect          -\n"
            "response-body        s2c  inspect          -\n"
            "request-credentials  c2s  -                write\n"
            "request-credentials  s2c  -                write\n");
}

/// A Hello with one middlebox and two contexts, as on the wire.
TEST(Policy, reads_the_grants_of_a_hello) {
  wire::Hello hello;
  hello.versions.items = {wire::version_1};
  hello.route.items = {{wire::Opaque<1, 255>{"m1.example"}, 1}, {wire::Opaque<1, 255>{"origin.example"}, 2}};
  hello.contexts.items = {{1, 1, wire::Opaque<1, 255>{"head"}}, {2, 3, wire::Opaque<1, 255>{"stream"}}};
  hello.grants.bytes = {std::byte{0x02}, std::byte{0x41}};  // low nibble c2s
  hello.suites.items = {0x1301};
  const auto terms = session::offered_terms(hello);
  ASSERT_TRUE(terms) << terms.error().detail;
  const GrantMatrix matrix = matrix_of(*terms);
  EXPECT_EQ(matrix.middleboxes, std::vector<std::string>{"m1.example"});
  EXPECT_EQ(matrix.contexts, (std::vector<GrantMatrix::Context>{{"head", {true, false}}, {"stream", {true, true}}}));
  EXPECT_EQ(matrix.at(0, 0, c2s), Grant::inspect);
  EXPECT_EQ(matrix.at(0, 1, c2s), Grant::read);
  EXPECT_EQ(matrix.at(0, 1, s2c), Grant::write);
}

}  // namespace
}  // namespace louver::config
