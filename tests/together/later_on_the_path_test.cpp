#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "filter/test_support.h"
#include "sim/path.h"

/// Filters whose engines answer later, in the engine of a middlebox, with real records: order, ends, back-pressure.
namespace louver::sim::later {
namespace {

using filter::test::TardyFactory;
using filter::test::TestRecall;
using session::Grant;
using session::Verdict;

PathSpec spec(Grant first, Grant second) {
  PathSpec out;
  out.middleboxes = 2;
  out.max_record = 1024;
  out.grants = [=](std::size_t middlebox, std::string_view context, Direction) {
    if (context.ends_with("cred")) return Grant::none;
    return middlebox == 1 ? first : second;
  };
  return out;
}

/// A chain in a middlebox of the path, and what its engines want to deliver.
struct Installed {
  std::shared_ptr<filter::Chain> chain;
  std::shared_ptr<TestRecall> recalls = std::make_shared<TestRecall>();
};
Installed install(Path& path, Path::Session& session, std::size_t middlebox, const filter::Factories& factories) {
  Installed out;
  const filter::SessionInfo info{.id = "it/1",
                                 .self = PartyIndex{static_cast<std::uint8_t>(middlebox)},
                                 .terms = &path.record(middlebox)->terms(),
                                 .recall = out.recalls};
  auto made = filter::Chain::make(factories, info);
  if (!made) ADD_FAILURE() << describe(made.error());
  out.chain = *std::move(made);
  EXPECT_TRUE(out.chain->missing().empty());
  TestHandler& handler = session.relay(middlebox).handler;
  handler.act = [chain = out.chain](const session::Part& part, Grant grant, session::PartSink* emit) {
    return chain->on_part(part, grant, emit);
  };
  handler.answer = [chain = out.chain](const session::Part& part, Grant grant, session::PartSink* emit) {
    return chain->on_answer(part, grant, emit);
  };
  return out;
}

std::vector<filter::Need> everywhere(Grant least) {
  return {{"head", Direction::c2s, least},
          {"body", Direction::c2s, least},
          {"rhead", Direction::s2c, least},
          {"rbody", Direction::s2c, least}};
}

Result<Verdict> capitals(const filter::FilterPart& part, filter::Emitter& out) {
  std::string text{as_text(part.bytes)};
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  LOUVER_TRY(out.emit(as_bytes(text), part.end));
  return Verdict::replaced;
}
Result<Verdict> passes(const filter::FilterPart&, filter::Emitter&) { return Verdict::pass; }

/// Lets the engines of both middleboxes deliver: some, or all.
void deliver(Path::Session& session, std::array<Installed, 2>& installed, std::mt19937& random, bool all) {
  bool again = true;
  while (again) {
    again = false;
    for (std::size_t i = 0; i < 2; ++i) {
      auto& waiting = installed[i].recalls->waiting;
      if (waiting.empty() || (!all && random() % 3 != 0)) continue;
      const std::size_t which = random() % waiting.size();
      const auto arrived = std::move(waiting[which].second);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
      arrived();
      session.chain.wake(i + 1);
      session.run();
      again = true;
    }
  }
}

TEST(LaterOnThePath, messages_arrive_whole_and_in_order_whoever_decides_when) {
  std::mt19937 random{11};
  const auto writer = std::make_shared<TardyFactory>(everywhere(Grant::write), capitals, random);
  const auto reader = [&](Grant grant) { return std::make_shared<TardyFactory>(everywhere(grant), passes, random); };
  for (int round = 0; round < 40; ++round) {
    Path path{spec(Grant::write, round % 2 == 0 ? Grant::inspect : Grant::read)};
    ASSERT_TRUE(path.establish());
    auto session = path.join();
    session->start();
    const Grant second = round % 2 == 0 ? Grant::inspect : Grant::read;
    std::array<Installed, 2> installed{install(path, *session, 1, {writer, writer}),
                                       install(path, *session, 2, {reader(second), reader(second)})};
    const auto send = [&](Side end, std::string_view context, std::string text, std::uint32_t exchange) {
      while (random() % 3 != 0) {
        const std::size_t size = random() % (text.size() + 1);
        session->send(end, context, text.substr(0, size), exchange, false, random() % 2 == 0);
        text.erase(0, size);
        deliver(*session, installed, random, false);
      }
      session->send(end, context, text, exchange);
      deliver(*session, installed, random, false);
    };
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      send(Side::client, "head", "head", exchange);
      send(Side::client, "cred", "cred", exchange);
      send(Side::client, "body", std::string(2500, 'b'), exchange);
    }
    deliver(*session, installed, random, true);
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      send(Side::server, "rhead", "rhead", exchange);
      send(Side::server, "rcred", "rcred", exchange);
      send(Side::server, "rbody", std::string(1500, 'r'), exchange);
    }
    session->finish(Side::client);
    session->finish(Side::server);
    deliver(*session, installed, random, true);
    for (std::size_t i = 0; i < 4; ++i)
      ASSERT_FALSE(session->error(i)) << round << " " << i << ": " << describe(*session->error(i));
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      EXPECT_EQ(session->got(Side::server, "head", exchange), "HEAD");
      EXPECT_EQ(session->got(Side::server, "cred", exchange), "cred");
      EXPECT_EQ(session->got(Side::server, "body", exchange), std::string(2500, 'B'));
      EXPECT_EQ(session->got(Side::client, "rhead", exchange), "RHEAD");
      EXPECT_EQ(session->got(Side::client, "rcred", exchange), "rcred");
      EXPECT_EQ(session->got(Side::client, "rbody", exchange), std::string(1500, 'R'));
    }
    EXPECT_TRUE(session->client().engine->received_end());
    EXPECT_TRUE(session->server().engine->received_end());
    EXPECT_TRUE(session->relay(1).engine->ended(Side::client) && session->relay(2).engine->ended(Side::server));
  }
}

/// A path on which the middlebox says `later` to everything of the client until the test answers.
class Stalled : public ::testing::Test {
 protected:
  void begin(Grant grant, std::function<Result<Verdict>()> answer) {
    path = std::make_unique<Path>(spec(grant, Grant::none));
    ASSERT_TRUE(path->establish());
    session = path->join();
    session->start();
    TestHandler& handler = session->relay(1).handler;
    handler.act = [this](const session::Part& part, Grant, session::PartSink*) -> Result<Verdict> {
      return part.direction == Direction::c2s && raw(part.exchange) >= first ? Verdict::later : Verdict::pass;
    };
    handler.answer = [answer = std::move(answer)](const session::Part&, Grant, session::PartSink*) { return answer(); };
  }
  void wake() {
    session->chain.wake(1);
    session->run();
  }
  bool stalled() { return session->relay(1).engine->stalled(Side::client); }
  std::uint32_t first = 1;  // exchange that is not decided on at once
  std::unique_ptr<Path> path;
  std::unique_ptr<Path::Session> session;
};

TEST_F(Stalled, a_direction_takes_nothing_in_and_the_other_goes_on) {
  first = 2;
  begin(Grant::inspect, [] { return Verdict::pass; });
  for (std::uint32_t exchange = 1; exchange <= 2; ++exchange) {
    for (const char* context : {"head", "cred", "body"}) session->send(Side::client, context, context, exchange);
  }
  ASSERT_TRUE(stalled());
  const std::size_t shown = session->relay(1).handler.notes.seen.size();
  session->send(Side::client, "head", "head", 3);
  session->send(Side::client, "cred", "cred", 3);
  for (int i = 0; i < 1200; ++i) session->send(Side::client, "body", std::string(1000, 'b'), 3, false);
  EXPECT_EQ(session->relay(1).handler.notes.seen.size(), shown);
  session->send(Side::server, "rhead", "goes on", 1);
  EXPECT_EQ(session->got(Side::client, "rhead", 1), "goes on");
  EXPECT_EQ(session->got(Side::server, "head", 2), "");
  EXPECT_FALSE(session->anyone_failed()) << "the sender is slowed, not refused";
}

TEST_F(Stalled, what_a_reader_decides_later_about_goes_on_octet_for_octet) {
  begin(Grant::inspect, [] { return Verdict::pass; });
  session->send(Side::client, "head", "head");
  session->send(Side::client, "cred", "cred");
  session->send(Side::client, "body", "body");
  for (int i = 0; i < 10 && stalled(); ++i) wake();
  EXPECT_FALSE(session->anyone_failed());
  EXPECT_EQ(session->got(Side::server, "head"), "head");
  EXPECT_EQ(session->got(Side::server, "body"), "body");
  session->send(Side::server, "rhead", "answer");
  EXPECT_EQ(session->got(Side::client, "rhead"), "answer");
}

TEST_F(Stalled, a_late_redaction_is_a_tombstone_that_all_behind_accept) {
  begin(Grant::redact, [] { return Verdict::redact; });
  session->send(Side::client, "head", "secret", 1, false);
  wake();
  EXPECT_FALSE(session->anyone_failed());
  ASSERT_EQ(session->server().notes.seen.size(), 1U);
  EXPECT_TRUE(session->server().notes.seen[0].redacted);
  EXPECT_EQ(session->server().notes.seen[0].redacted_bytes, 6U);
}

TEST_F(Stalled, a_writer_that_lets_pass_later_seals_what_it_was_shown) {
  begin(Grant::write, [] { return Verdict::pass; });
  session->send(Side::client, "head", "first", 1, false);
  session->send(Side::client, "head", "second", 1, true);
  while (stalled()) wake();
  EXPECT_FALSE(session->anyone_failed());
  EXPECT_EQ(session->got(Side::server, "head"), "firstsecond");
}

// FI-11: a verdict that comes late and stops the message: nothing of the record has gone on, and both ends know.
TEST_F(Stalled, fi11_a_late_block_ends_the_session_and_nothing_of_the_record_arrives) {
  for (const Grant grant : {Grant::read, Grant::inspect, Grant::redact, Grant::write}) {
    begin(grant, [] { return Error{Fault::blocked_by_policy, "no"}; });
    session->send(Side::client, "head", "evil");
    wake();
    EXPECT_EQ(session->fault(1), Fault::blocked_by_policy);
    EXPECT_EQ(session->got(Side::server, "head"), "");
    EXPECT_TRUE(session->error(0) && session->error(3));
  }
}

// FI-06: a late answer beyond the grant.
TEST_F(Stalled, fi06_a_reader_that_would_replace_later_is_refused) {
  for (const Verdict verdict : {Verdict::replaced, Verdict::hold, Verdict::redact}) {
    begin(Grant::inspect, [verdict] { return verdict; });
    session->send(Side::client, "head", "x");
    wake();
    EXPECT_EQ(session->fault(1), Fault::filter_failed);
    EXPECT_EQ(session->got(Side::server, "head"), "");
  }
}

TEST_F(Stalled, a_session_whose_answer_never_comes_ends_with_the_idle_deadline) {
  begin(Grant::inspect, [] { return Verdict::pass; });
  session->send(Side::client, "head", "x");
  session->chain.run_until(path->clock.mono + limits::idle_deadline + std::chrono::minutes{1});
  EXPECT_TRUE(session->anyone_failed());
  EXPECT_EQ(session->got(Side::server, "head"), "");
}

}  // namespace
}  // namespace louver::sim::later
