#include "config/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_examples.h"

namespace louver::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Advice, has_nothing_to_say_of_the_examples) {
  EXPECT_THAT(advice(*load<Agent>(examples + "agent.toml")), IsEmpty());
  EXPECT_THAT(advice(*load<Middlebox>(examples + "middlebox.toml")), IsEmpty());
  EXPECT_THAT(advice(*load<Gateway>(examples + "gateway.toml")), IsEmpty());
}

TEST(Advice, warns_of_routes_that_nothing_leads_to) {
  Agent agent = *load<Agent>(examples + "agent.toml");
  agent.tcp.clear();
  EXPECT_THAT(advice(agent), ElementsAre(HasSubstr("no listener leads to the route \"database\"")));
  agent.http.erase(agent.http.begin());  // the proxy; the reverse listener still leads to the shop
  EXPECT_EQ(advice(agent).size(), 1U);
  agent.http.clear();
  EXPECT_EQ(advice(agent).size(), 2U);
}

TEST(Advice, warns_of_middleboxes_without_grants_and_of_open_listeners) {
  Agent agent = *load<Agent>(examples + "agent.toml");
  agent.routes[0].middleboxes[1].grants = {{"request-head"}};
  agent.http[0].listen.address = "0.0.0.0";
  EXPECT_THAT(advice(agent),
              ElementsAre(HasSubstr("\"vault.example\" is offered no grant"), HasSubstr("is not a loopback address")));
}

// JN-06
TEST(Advice, JN_06_warns_where_every_user_speaks_in_the_agents_name) {
  Agent agent = *load<Agent>(examples + "agent.toml");
  agent.http[0].users.who = ListenerUsers::Who::any;
  agent.tcp[0].users.who = ListenerUsers::Who::any;
  EXPECT_THAT(advice(agent), ElementsAre(HasSubstr("users = \"any\""), HasSubstr("users = \"any\"")));
}

TEST(Advice, warns_of_a_unix_socket_that_those_whom_it_is_for_cannot_open) {
  Agent agent = *load<Agent>(examples + "agent.toml");
  agent.http[0].listen = {.path = "/run/louver.sock"};
  EXPECT_THAT(advice(agent), IsEmpty());
  agent.http[0].users = {.who = ListenerUsers::Who::listed, .names = {"alice"}};
  EXPECT_THAT(advice(agent), ElementsAre(HasSubstr("the mode 0600 of unix:/run/louver.sock")));
  agent.http[0].socket_mode = 0660;
  EXPECT_THAT(advice(agent), IsEmpty());
  agent.http[0].users = {};
  agent.http[0].proxy_protocol_from.users = {"haproxy"};
  EXPECT_THAT(advice(agent), IsEmpty());
  agent.http[0].socket_mode.reset();
  EXPECT_THAT(advice(agent), ElementsAre(HasSubstr("set socket_mode")));
}

TEST(Advice, warns_of_filters_that_never_act_or_tell_too_much) {
  Middlebox middlebox = *load<Middlebox>(examples + "middlebox.toml");
  middlebox.filters[0].options = LogFilter{.payload = true, .sample = 0};
  middlebox.next[1].allow_private = true;
  EXPECT_THAT(advice(middlebox),
              ElementsAre(HasSubstr("never logs"), HasSubstr("payload = true"), HasSubstr("allow_private")));
}

TEST(Advice, warns_of_an_approval_without_grants) {
  Gateway gateway = *load<Gateway>(examples + "gateway.toml");
  gateway.middleboxes[1].grants.clear();
  EXPECT_THAT(advice(gateway), ElementsAre(HasSubstr("\"vault.example\" gets no grant")));
}

// FI-07
TEST(Advice, FI_07_warns_of_every_way_in_which_a_mirror_gives_plaintext_away) {
  Middlebox middlebox = *load<Middlebox>(examples + "middlebox.toml");
  MirrorFilter mirror;
  mirror.file = "/m.pcapng";
  const auto said = [&] {
    middlebox.filters = {{.options = mirror}};
    return advice(middlebox);
  };
  EXPECT_THAT(said(), ElementsAre(HasSubstr("/m.pcapng will hold in the clear")));
  mirror.listen = Endpoint{.address = "127.0.0.1", .port = 57012};
  EXPECT_THAT(said(), ElementsAre(HasSubstr("/m.pcapng"), HasSubstr("tools that connect to 127.0.0.1:57012 read")));
  mirror.file.reset();
  mirror.users.who = ListenerUsers::Who::any;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("every user of this machine can read at 127.0.0.1:57012")));
  mirror.listen->address = "0.0.0.0";
  mirror.allow_plaintext = true;
  EXPECT_THAT(said(), ElementsAre(HasSubstr("whoever reaches 0.0.0.0:57012, and who is on the way, reads")));
}

}  // namespace
}  // namespace louver::config
