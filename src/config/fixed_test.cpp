#include "config/fixed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

/// Which keys a running process keeps when its file is read anew, and that all others change. docs/operations.md "While
/// it runs"
namespace louver::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Agent an_agent() {
  Agent out;
  out.common.trust = {{.anchors = "ca.pem"}};
  out.common.certificate = CertificateFiles{"alice.pem", "alice.key", "a.toml:1:1"};
  out.routes = {{.name = "web", .server = "shop.example", .port = 4433, .connect = {"127.0.0.1", 1}}};
  out.http = {{.listen = {"127.0.0.1", 8080}, .place = "a.toml:7:1"}};
  out.tcp = {{.listen = {"127.0.0.1", 8081}, .route = "db", .place = "a.toml:9:1"}};
  return out;
}

Gateway a_gateway() {
  Gateway out;
  out.name = "shop.example";
  out.listen = {"127.0.0.1", 4433};
  return out;
}

Middlebox a_middlebox() {
  Middlebox out;
  out.name = "m1.example";
  out.listen = {"127.0.0.1", 4434};
  return out;
}

struct Row {
  const char* key;
  std::function<void(Common&)> change;
  std::function<bool(const Common&)> is_as_before;
};

const std::vector<Row>& common_rows() {
  static const std::vector<Row> rows{
      {"threads", [](Common& c) { c.threads = 7; }, [](const Common& c) { return c.threads == 1; }},
      {"log", [](Common& c) { c.log.level = Log::Level::error; }, [](const Common& c) { return c.log == Log{}; }},
      {"log", [](Common& c) { c.log.file = "/tmp/x"; }, [](const Common& c) { return c.log == Log{}; }},
      {"limits", [](Common& c) { c.limits.sessions = 1; }, [](const Common& c) { return c.limits == Limits{}; }},
      {"limits", [](Common& c) { c.limits.buffer = 1; }, [](const Common& c) { return c.limits == Limits{}; }},
      {"control", [](Common& c) { c.control.socket = "/x"; }, [](const Common& c) { return !c.control.socket; }},
      {"debug", [](Common& c) { c.debug.keylog = "/x"; }, [](const Common& c) { return !c.debug.keylog; }},
  };
  return rows;
}

template <class Config>
void expect_common_keys_are_kept(const Config& running) {
  for (const Row& row : common_rows()) {
    Config fresh = running;
    row.change(fresh.common);
    EXPECT_THAT(keep_fixed(running, fresh), ElementsAre(row.key));
    EXPECT_TRUE(row.is_as_before(fresh.common)) << row.key;
  }
}

// PK-05
TEST(KeepFixed, PK_05_keeps_what_every_role_cannot_change_and_names_it) {
  expect_common_keys_are_kept(an_agent());
  expect_common_keys_are_kept(a_middlebox());
  expect_common_keys_are_kept(a_gateway());
}

TEST(KeepFixed, a_file_that_did_not_change_waits_for_nothing) {
  Agent agent = an_agent();
  Middlebox middlebox = a_middlebox();
  Gateway gateway = a_gateway();
  EXPECT_THAT(keep_fixed(an_agent(), agent), IsEmpty());
  EXPECT_THAT(keep_fixed(a_middlebox(), middlebox), IsEmpty());
  EXPECT_THAT(keep_fixed(a_gateway(), gateway), IsEmpty());
}

TEST(KeepFixed, what_counts_at_once_is_left_as_the_new_file_has_it) {
  Agent fresh = an_agent();
  fresh.common.trust = {{.anchors = "other.pem"}};
  fresh.common.certificate->chain = "renewed.pem";
  fresh.routes[0].renew = 1min;
  fresh.routes.push_back({.name = "more"});
  EXPECT_THAT(keep_fixed(an_agent(), fresh), IsEmpty());
  EXPECT_EQ(fresh.common.trust[0].anchors, "other.pem");
  EXPECT_EQ(fresh.common.certificate->chain, "renewed.pem");
  EXPECT_EQ(fresh.routes[0].renew, 1min);
  EXPECT_EQ(fresh.routes.size(), 2U);

  Gateway gateway = a_gateway();
  gateway.policy.lifetime = 1min;
  gateway.middleboxes = {{.name = "m1.example"}};
  EXPECT_THAT(keep_fixed(a_gateway(), gateway), IsEmpty());
  EXPECT_EQ(gateway.policy.lifetime, 1min);
  EXPECT_EQ(gateway.middleboxes.size(), 1U);

  Middlebox middlebox = a_middlebox();
  middlebox.next = {{.name = "shop.example"}};
  EXPECT_THAT(keep_fixed(a_middlebox(), middlebox), IsEmpty());
  EXPECT_EQ(middlebox.next.size(), 1U);
}

TEST(KeepFixed, an_agents_listeners_wait_for_a_restart) {
  const std::vector<std::function<void(Agent&)>> changes_of_http{
      [](Agent& a) { a.http[0].listen.port = 9; },   [](Agent& a) { a.http[0].mode = HttpListener::Mode::reverse; },
      [](Agent& a) { a.http[0].route = "web"; },     [](Agent& a) { a.http[0].hosts = {{"shop.example", 80}}; },
      [](Agent& a) { a.http[0].resend = false; },    [](Agent& a) { a.http.clear(); },
      [](Agent& a) { a.http.push_back(a.http[0]); },
  };
  for (std::size_t i = 0; i < changes_of_http.size(); ++i) {
    Agent fresh = an_agent();
    changes_of_http[i](fresh);
    EXPECT_THAT(keep_fixed(an_agent(), fresh), ElementsAre("http")) << "change " << i;
    ASSERT_EQ(fresh.http.size(), 1U);
    EXPECT_EQ(fresh.http[0].listen.port, 8080);
    EXPECT_TRUE(fresh.http[0].resend);
  }
  Agent fresh = an_agent();
  fresh.tcp[0].route = "other";
  EXPECT_THAT(keep_fixed(an_agent(), fresh), ElementsAre("tcp"));
  EXPECT_EQ(fresh.tcp[0].route, "db");
}

// JN-06
TEST(KeepFixed, JN_06_whom_a_listener_serves_counts_at_once_where_the_listeners_are_the_same) {
  Agent fresh = an_agent();
  fresh.http[0].users.who = ListenerUsers::Who::any;
  fresh.tcp[0].users = {ListenerUsers::Who::listed, {"alice"}};
  const Agent wanted = fresh;
  EXPECT_THAT(keep_fixed(an_agent(), fresh), IsEmpty());
  EXPECT_EQ(fresh.http[0].users, wanted.http[0].users);
  EXPECT_EQ(fresh.tcp[0].users, wanted.tcp[0].users);

  fresh.http[0].listen.port = 9;  // else a list could end up with another listener than it was written for
  EXPECT_THAT(keep_fixed(an_agent(), fresh), ElementsAre("http"));
  EXPECT_EQ(fresh.http[0].users, ListenerUsers{});
}

TEST(KeepFixed, a_table_that_only_moved_in_the_file_is_no_change) {
  Agent fresh = an_agent();
  fresh.http[0].place = "a.toml:70:1";
  fresh.tcp[0].place = "a.toml:90:1";
  EXPECT_THAT(keep_fixed(an_agent(), fresh), IsEmpty());
}

TEST(KeepFixed, a_name_and_address_that_others_know_wait_for_a_restart) {
  Gateway gateway = a_gateway();
  gateway.name = "other.example";
  gateway.listen.port = 1;
  EXPECT_THAT(keep_fixed(a_gateway(), gateway), ElementsAre("name", "listen"));
  EXPECT_EQ(gateway.name, "shop.example");
  EXPECT_EQ(gateway.listen.port, 4433);
  Middlebox middlebox = a_middlebox();
  middlebox.name = "other.example";
  middlebox.common.threads = 2;
  EXPECT_THAT(keep_fixed(a_middlebox(), middlebox), ElementsAre("threads", "name"));
  EXPECT_EQ(middlebox.name, "m1.example");
}

}  // namespace
}  // namespace louver::config
