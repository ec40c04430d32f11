#include "rogue/record_check.h"

/// P8 between contexts: which parts belong together is said by the exchange number alone.
namespace louver::rogue::exchanges {
namespace {

using session::Grant;
using sim::grants_from;

constexpr std::uint8_t eom = wire::flag::eom;
constexpr std::uint32_t pipelined = 10;

struct Said {
  const char* context;
  std::uint32_t exchange;
  std::uint8_t flags;
  std::string_view text = "text";
};

struct Clause {
  const char* what;
  std::vector<Said> before;  // fine
  Said refused;
  Fault fault = Fault::record_exchange;
};

std::vector<Clause> clauses() {
  const std::uint8_t pad = wire::flag::pad;
  const std::string_view padding{"\0\0\0\2", 4};
  return {
      {"exchange 0 where they are numbered", {}, {"cred", 0, eom}},
      {"2 before 1", {}, {"cred", 2, eom}},
      {"a gap", {{"cred", 1, eom}}, {"cred", 3, eom}},
      {"back to the one before", {{"cred", 1, eom}, {"cred", 2, eom}}, {"cred", 1, eom}},
      {"far ahead", {{"cred", 1, eom}}, {"cred", 0xffffffff, eom}},
      {"a second message", {{"cred", 1, eom}}, {"cred", 1, eom}},
      {"a second message that is empty", {{"cred", 1, eom}}, {"cred", 1, eom, ""}},
      {"more of a message that has ended", {{"cred", 1, eom}}, {"cred", 1, 0}},
      {"the next before this one has ended", {{"cred", 1, 0}}, {"cred", 2, eom}},
      {"padding for an exchange that is neither the last nor the next", {{"cred", 1, eom}}, {"cred", 3, pad, padding}},
      {"padding for exchange 0", {}, {"cred", 0, pad, padding}},
      {"a gap behind padding, which opens nothing", {{"cred", 1, pad, padding}}, {"cred", 2, eom}},
  };
}

Exchange ex(std::uint32_t number) { return Exchange{number}; }

// RC-07, HT-05: each clause, at the server and at a writer
TEST(P8Exchanges, a_number_that_is_not_the_last_or_the_next_or_says_a_thing_twice_is_refused_by_the_sink) {
  for (const bool writer : {false, true}) {
    const auto path =
        established({.middleboxes = 1, .grants = grants_from(writer ? "M1: cred=write" : "M1: cred=read")});
    for (const Clause& clause : clauses()) {
      SCOPED_TRACE(std::string{clause.what} + (writer ? ", at a writer" : ", at the server"));
      auto session = joined(*path);
      RogueEnd client{session->chain, *session->client().keys};
      std::string fine;
      for (const Said& one : clause.before) {
        client.say(path->context(one.context), ex(one.exchange), one.flags, one.text);
        if (one.flags != wire::flag::pad) fine += one.text;
      }
      session->run();
      expect_peace(*session);
      client.say(path->context(clause.refused.context), ex(clause.refused.exchange), clause.refused.flags,
                 clause.refused.text);
      session->run();
      expect_noticed(*session, writer ? 1 : 2, clause.fault, Alert::bad_record);
      EXPECT_EQ(text_of(session->server().notes), fine);
      if (writer) {
        EXPECT_EQ(text_of(session->relay(1).handler.notes), fine);
      }
    }
  }
}

TEST(P8Exchanges, a_profile_without_exchanges_knows_only_number_0) {
  const auto path = established({.middleboxes = 0, .profile = &sim::stream_traits});
  for (const std::uint32_t number : {1U, 2U, 0xffffffffU}) {
    auto session = joined(*path);
    RogueEnd client{session->chain, *session->client().keys};
    client.say(path->context("up"), ex(0), 0, "fine");
    client.say(path->context("up"), ex(number), eom, "numbered");
    session->run();
    expect_noticed(*session, 1, Fault::record_exchange, Alert::bad_record);
    EXPECT_EQ(text_of(session->server().notes), "fine");
  }
}

TEST(P8Exchanges, a_context_with_interim_messages_takes_several_of_one_exchange_but_no_gap) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: rhead=write")});
  auto session = joined(*path);
  session->send(Side::client, "head", "request", 1);
  for (const char* text : {"100|", "103|", "200|"}) session->send(Side::server, "rhead", text, 1);
  expect_peace(*session);
  EXPECT_EQ(session->got(Side::client, "rhead", 1), "100|103|200|");
  RogueEnd server{session->chain, *session->server().keys};
  server.hop_seq = 3;
  server.next_seq(path->context("rhead")) = 3;
  server.say(path->context("rhead"), ex(3), eom, "gap");
  session->run();
  expect_noticed(*session, 1, Fault::record_exchange, Alert::bad_record);
}

// HT-05: an answer to no request
TEST(P8Exchanges, an_answer_to_a_request_that_was_not_made_is_refused_by_the_client_and_by_a_writer) {
  for (const bool writer : {false, true}) {
    const auto path = established({.middleboxes = 1, .grants = grants_from(writer ? "M1: rcred=write" : "")});
    auto session = joined(*path);
    session->send(Side::client, "head", "request", 1);
    RogueEnd server{session->chain, *session->server().keys};
    server.say(path->context("rcred"), ex(1), eom, "answer");
    session->run();
    expect_peace(*session);
    server.say(path->context("rcred"), ex(2), eom, "to nothing");
    session->run();
    expect_noticed(*session, writer ? 1 : 0, Fault::record_exchange, Alert::bad_record);
    EXPECT_EQ(text_of(session->client().notes), "answer");
    if (writer) {
      EXPECT_EQ(text_of(session->relay(1).handler.notes), "answer");
    }
  }
}

// HT-05: the same by a writer on the way
TEST(P8Exchanges, a_writer_that_answers_what_nobody_asked_is_refused_by_the_client) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: rcred=write")});
  auto session = joined_with_rogue(*path, 1, &RogueRelay::pass_on);
  session->send(Side::client, "head", "request", 1);
  rogue_at(*session, 1).say(path->context("rcred"), Direction::s2c, ex(1), eom, "asked|");
  let_speak(*session, 1);
  expect_peace(*session);
  rogue_at(*session, 1).say(path->context("rcred"), Direction::s2c, ex(2), eom, "not asked");
  let_speak(*session, 1);
  expect_noticed(*session, 0, Fault::record_exchange, Alert::bad_record);
  EXPECT_EQ(text_of(session->client().notes), "asked|");
}

// RC-10, RC-07: at most 1024 are open, at the server and at a writer
TEST(P8Exchanges, the_1025th_open_exchange_is_refused) {
  for (const bool writer : {false, true}) {
    SCOPED_TRACE(writer);
    const auto path = established({.middleboxes = 1, .grants = grants_from(writer ? "M1: cred=write" : "")});
    auto session = joined(*path);
    RogueEnd client{session->chain, *session->client().keys};
    const ContextId cred = path->context("cred");
    for (std::uint32_t n = 1; n <= limits::open_exchanges; ++n) client.say(cred, ex(n), eom, "");
    session->run();
    expect_peace(*session);
    EXPECT_EQ(session->server().notes.seen.size(), limits::open_exchanges);
    client.say(cred, ex(limits::open_exchanges + 1), eom, "one too many");
    session->run();
    expect_noticed(*session, writer ? 1 : 2, Fault::limit_exceeded, Alert::limit_exceeded);
    EXPECT_EQ(session->server().notes.seen.size(), limits::open_exchanges);
  }
}

const session::ContextTraits ask_contexts[] = {{"ask", 1}, {"tell", 2}};
const session::ProfileTraits ask_traits{"ask/1", true, false, ask_contexts};

/// A session that lives long: only those that are open at once are counted. (A writer once counted all of them.)
TEST(P8Exchanges, any_number_of_exchanges_may_follow_each_other_through_writers) {
  for (const char* grants : {"", "M1: ask=write", "M1: tell=write", "M1: ask=write, tell=write"}) {
    SCOPED_TRACE(grants);
    const auto path = established({.middleboxes = 1, .profile = &ask_traits, .grants = grants_from(grants)});
    auto session = joined(*path);
    for (std::uint32_t n = 1; n <= limits::open_exchanges + 10; ++n) {
      session->send(Side::client, "ask", "?", n);
      session->send(Side::server, "tell", "!", n);
      ASSERT_FALSE(session->anyone_failed()) << "exchange " << n;
    }
    EXPECT_EQ(session->client().engine->complete_exchanges(), limits::open_exchanges + 10);
  }
}

/// What M1, which may write the heads and nothing else, does to the head of exchange k of ten.
struct Shift {
  const char* what;
  std::function<void(RogueRelay&, ContextId head, std::uint32_t n, std::uint32_t k, std::string_view text)>
      act;                      // for each genuine head n
  std::uint32_t refused_after;  // heads up to k + this are in order (as the writer made them); what follows is refused
};

void say_head(RogueRelay& self, ContextId head, std::uint32_t n, std::string_view text) {
  self.say(head, Direction::c2s, ex(n), eom, text);
}

std::vector<Shift> shifts() {
  return {
      {"one is inserted",
       [](auto& self, ContextId head, auto n, auto k, auto text) {
         if (n == k) say_head(self, head, k, "forged");
         say_head(self, head, n, text);
       },
       1},
      {"it is dropped",
       [](auto& self, ContextId head, auto n, auto k, auto text) {
         if (n != k) say_head(self, head, n, text);
       },
       0},
      {"it is doubled",
       [](auto& self, ContextId head, auto n, auto k, auto text) {
         say_head(self, head, n, text);
         if (n == k) say_head(self, head, n, text);
       },
       1},
      {"it is numbered one ahead",
       [](auto& self, ContextId head, auto n, auto k, auto text) { say_head(self, head, n == k ? n + 1 : n, text); },
       0},
      {"it is numbered far ahead",
       [](auto& self, ContextId head, auto n, auto k, auto text) { say_head(self, head, n == k ? n + 100 : n, text); },
       0},
      {"it is numbered one back",
       [](auto& self, ContextId head, auto n, auto k, auto text) { say_head(self, head, n == k ? n - 1 : n, text); },
       0},
      {"all from it on are numbered one ahead",
       [](auto& self, ContextId head, auto n, auto k, auto text) { say_head(self, head, n >= k ? n + 1 : n, text); },
       0},
  };
}

std::unique_ptr<sim::Path::Session> shifted(
    sim::Path& path, const std::function<void(RogueRelay&, ContextId, std::uint32_t, std::string_view)>& act) {
  const ContextId head = path.context("head");
  auto session = joined_with_rogue(path, 1, [=](RogueRelay& self, Arrival arrival) {
    if (arrival.context() != head || arrival.fin()) return self.pass(std::move(arrival));
    act(self, head, raw(arrival.exchange()), self.forge().peek(*arrival.segment, arrival.frame, arrival.seq));
  });
  for (std::uint32_t n = 1; n <= pipelined; ++n) {
    for (const char* part : {"head", "cred", "body"})
      session->send(Side::client, part, part + std::to_string(n), n, true, false);
  }
  session->finish(Side::client, false);
  session->run();
  return session;
}

/// Whatever was delivered of an exchange belongs together: a credential or a body never meets another one's.
void expect_nothing_shifted(sim::Path::Session& session) {
  for (std::uint32_t n = 1; n <= pipelined + 1; ++n) {
    const std::string number = n <= pipelined ? std::to_string(n) : "";
    for (const char* part : {"cred", "body"}) {
      const std::string got = session.got(Side::server, part, n);
      EXPECT_TRUE(got.empty() || got == part + number) << part << " of exchange " << n << " is " << got;
    }
  }
}

// HT-05
TEST(P8Exchanges,
     a_writer_of_heads_inserts_drops_doubles_or_renumbers_one_and_the_server_refuses_before_it_sees_the_next) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: head=write")});
  for (const Shift& shift : shifts()) {
    for (std::uint32_t k = 1; k <= pipelined; ++k) {
      SCOPED_TRACE(std::string{shift.what} + ", exchange " + std::to_string(k));
      auto session = shifted(*path, [&](RogueRelay& self, ContextId head, std::uint32_t n, std::string_view text) {
        shift.act(self, head, n, k, text);
      });
      expect_nothing_shifted(*session);
      std::uint32_t heads = 0;
      for (const sim::Seen& one : session->server().notes.seen) heads += one.context == path->context("head") ? 1 : 0;
      EXPECT_EQ(heads, k - 1 + shift.refused_after);
      const bool last_is_missing = std::string_view{shift.what} == "it is dropped" && k == pipelined;
      if (last_is_missing) {  // nothing follows that could show it: the exchange stays incomplete
        expect_peace(*session);
        EXPECT_EQ(session->server().engine->complete_exchanges(), pipelined - 1);
        session->chain.run_until(path->clock.mono + path->spec.idle);
        EXPECT_TRUE(session->anyone_failed());
      } else {
        expect_noticed(*session, 2, Fault::record_exchange, Alert::bad_record);
      }
    }
  }
}

// HT-05: "the client's own later part wins nothing from a head numbered ahead"
TEST(P8Exchanges, heads_that_a_writer_shifts_by_one_of_its_own_leave_every_credential_and_body_where_it_was) {
  const auto path = established({.middleboxes = 1, .grants = grants_from("M1: head=write")});
  for (std::uint32_t k = 1; k <= pipelined; ++k) {
    auto session = shifted(*path, [&](RogueRelay& self, ContextId head, std::uint32_t n, std::string_view text) {
      if (n == k) say_head(self, head, k, "forged");
      say_head(self, head, n >= k ? n + 1 : n, text);
    });
    expect_peace(*session);
    expect_nothing_shifted(*session);
    EXPECT_EQ(session->got(Side::server, "head", k), "forged");  // its grant: it answers for every head
    // The head of the eleventh has no credential and no body, so that exchange is never whole.
    EXPECT_EQ(session->server().engine->complete_exchanges(), pipelined);
    session->chain.run_until(path->clock.mono + path->spec.idle);
    EXPECT_TRUE(session->anyone_failed());
  }
}

TEST(P8Exchanges, an_honest_sender_refuses_to_break_the_rules_itself) {
  const auto path = established({.middleboxes = 0});
  auto session = joined(*path);
  session->send(Side::client, "head", "1", 2);
  ASSERT_TRUE(session->error(0));
  EXPECT_EQ(session->error(0)->fault, Fault::record_exchange);
  auto second = joined(*path);
  second->send(Side::client, "head", "1", 1);
  second->send(Side::server, "rhead", "2", 2);
  ASSERT_TRUE(second->error(1));
  EXPECT_EQ(second->error(1)->fault, Fault::record_exchange);
  EXPECT_TRUE(second->client().notes.empty());
}

}  // namespace
}  // namespace louver::rogue::exchanges
