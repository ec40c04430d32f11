#include <gtest/gtest.h>

#include <random>

#include "filter/chain.h"
#include "filter/edit/edit_filter.h"
#include "filter/log/log_filter.h"
#include "sim/path.h"

namespace louver::sim {
namespace {

using session::Grant;
using session::Verdict;

const session::ContextTraits http_contexts[] = {{"request-head", 1},         {"request-credentials", 1, false, 256},
                                                {"request-body", 1},         {"response-head", 2, true},
                                                {"response-credentials", 2}, {"response-body", 2}};
const session::ProfileTraits http_traits{"http/1", true, false, http_contexts};

/// A path of two middleboxes: the first may write all heads and bodies, the second reads bodies.
PathSpec spec() {
  PathSpec out;
  out.middleboxes = 2;
  out.profile = &http_traits;
  out.max_record = 1024;
  out.grants = [](std::size_t middlebox, std::string_view context, Direction) {
    if (context.ends_with("credentials")) return Grant::none;
    if (middlebox == 1) return Grant::write;
    return context.ends_with("body") ? Grant::read : Grant::none;
  };
  return out;
}

/// Puts a chain into a middlebox of the path.
std::shared_ptr<filter::Chain> install(Path& path, Path::Session& session, std::size_t middlebox,
                                       const filter::Factories& factories) {
  const filter::SessionInfo info{.id = "it/1",
                                 .self = PartyIndex{static_cast<std::uint8_t>(middlebox)},
                                 .terms = &path.record(middlebox)->terms()};
  auto made = filter::Chain::make(factories, info);
  if (!made) ADD_FAILURE() << describe(made.error());
  std::shared_ptr<filter::Chain> chain = *std::move(made);
  session.relay(middlebox).handler.act = [chain](const session::Part& part, Grant grant, session::PartSink* emit) {
    return chain->on_part(part, grant, emit);
  };
  return chain;
}

void send_in_pieces(Path::Session& session, Side end, std::string_view context, std::string_view text,
                    std::uint32_t exchange, std::mt19937& random, bool run) {
  while (std::uniform_int_distribution{0, 3}(random) != 0) {
    const std::size_t size = std::uniform_int_distribution<std::size_t>{0, text.size()}(random);
    session.send(end, context, text.substr(0, size), exchange, false, run);
    text.remove_prefix(size);
  }
  session.send(end, context, text, exchange, true, run);
}

TEST(ChainOnThePath, edits_heads_that_come_in_pieces_while_other_contexts_wait) {
  std::mt19937 random{5};
  Path path{spec()};
  ASSERT_TRUE(path.establish());
  for (int round = 0; round < 60; ++round) {
    auto session = path.join();
    session->start();
    std::vector<std::string> logged;
    const auto write = [&](const filter::log::LogRecord& one) {
      logged.push_back(std::string{one.context} + " " + std::to_string(one.octets));
    };
    const auto edit = filter::edit::make_edit(
        {.remove = {"x-debug"}, .set = {{"x-checked", "yes"}}, .rewrite_path = {{"/old", "/new"}}});
    const auto log = filter::log::make_log({.write = write});
    ASSERT_TRUE(edit && log);
    const auto first = install(path, *session, 1, {*edit});
    const auto second = install(path, *session, 2, {*log});
    EXPECT_TRUE(first->missing().empty());
    EXPECT_EQ(first->excess().size(), 2U);  // bodies
    const bool run = round % 2 == 0;
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      send_in_pieces(*session, Side::client, "request-head", "GET /old/x HTTP/1.1\r\nhost: a\r\nx-debug: 1\r\n\r\n",
                     exchange, random, run);
      send_in_pieces(*session, Side::client, "request-credentials", "cookie: c\r\n", exchange, random, run);
      send_in_pieces(*session, Side::client, "request-body", std::string(3000, 'b'), exchange, random, run);
    }
    session->run();
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      send_in_pieces(*session, Side::server, "response-head", "HTTP/1.1 103 Early Hints\r\nx-debug: 1\r\n\r\n",
                     exchange, random, run);
      send_in_pieces(*session, Side::server, "response-head", "HTTP/1.1 200 OK\r\n\r\n", exchange, random, run);
      send_in_pieces(*session, Side::server, "response-credentials", "", exchange, random, run);
      send_in_pieces(*session, Side::server, "response-body", std::string(2000, 'r'), exchange, random, run);
    }
    session->finish(Side::client);
    session->finish(Side::server);
    for (std::size_t i = 0; i < 4; ++i)
      ASSERT_FALSE(session->error(i)) << round << " " << i << ": " << describe(*session->error(i));
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      EXPECT_EQ(session->got(Side::server, "request-head", exchange),
                "GET /new/x HTTP/1.1\r\nhost: a\r\nx-checked: yes\r\n\r\n");
      EXPECT_EQ(session->got(Side::server, "request-credentials", exchange), "cookie: c\r\n");
      EXPECT_EQ(session->got(Side::server, "request-body", exchange), std::string(3000, 'b'));
      EXPECT_EQ(session->got(Side::client, "response-head", exchange),
                "HTTP/1.1 103 Early Hints\r\nx-checked: yes\r\n\r\nHTTP/1.1 200 OK\r\nx-checked: yes\r\n\r\n");
      EXPECT_EQ(session->got(Side::client, "response-body", exchange), std::string(2000, 'r'));
    }
    EXPECT_EQ(logged, (std::vector<std::string>{"request-body 3000", "request-body 3000", "request-body 3000",
                                                "response-body 2000", "response-body 2000", "response-body 2000"}));
    EXPECT_TRUE(session->client().engine->received_end());
    EXPECT_TRUE(session->server().engine->received_end());
  }
}

TEST(ChainOnThePath, a_hostile_head_ends_the_session_at_the_middlebox_and_nothing_of_it_arrives) {
  Path path{spec()};
  ASSERT_TRUE(path.establish());
  auto session = path.join();
  session->start();
  const auto edit = filter::edit::make_edit({.remove = {"x-debug"}});
  ASSERT_TRUE(edit);
  const auto chain = install(path, *session, 1, {*edit});
  session->send(Side::client, "request-head", "GET / HTTP/1.1\r\nhost: a\r\ncookie: c\r\n\r\n");
  EXPECT_EQ(session->fault(1), Fault::blocked_by_policy);
  EXPECT_EQ(session->got(Side::server, "request-head"), "");
}

}  // namespace
}  // namespace louver::sim
