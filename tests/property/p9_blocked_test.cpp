#include "rogue/record_check.h"

/// P9 for verdicts: whoever stopped a message is known by name to both ends, and nobody is made to say what he did not.
namespace louver::rogue::blocked {
namespace {

constexpr std::size_t server = 3;
const sim::PathSpec watched{.middleboxes = 2,
                            .profile = &single_traits,
                            .grants = grants_on("a", {session::Grant::read, session::Grant::read})};

class Blocked : public testing::Test {
 protected:
  Blocked() : path(established(watched)), session(joined(*path)) {}

  static wire::Blocked word(std::uint64_t number, std::string_view reason = "rule 7", std::uint8_t context = 1) {
    wire::Blocked out;
    out.session = number;
    out.context = context;
    out.reason = wire::Opaque<0, 255>{reason};
    return out;
  }
  void say(std::size_t by, const wire::Blocked& blocked) {
    sim::Node::Outputs out;
    const auto said = path->middlebox(by).say_blocked(blocked, {out.to_client, out.to_server});
    ASSERT_TRUE(said) << describe(said.error());
    path->association().put(by, out);
    path->association().run();
  }
  void expect_refused_by(std::size_t party, Fault fault) {
    ASSERT_TRUE(path->error(party));
    EXPECT_EQ(name_of(path->error(party)->fault), name_of(fault)) << describe(*path->error(party));
    EXPECT_FALSE(path->record(party)->blocked(SessionNumber{1}));
  }

  std::unique_ptr<sim::Path> path;
  std::unique_ptr<sim::Path::Session> session;
};

TEST_F(Blocked, is_told_to_both_ends_under_the_name_of_who_says_it) {
  say(2, word(1));
  for (const std::size_t end : {std::size_t{0}, server}) {
    const auto note = path->record(end)->blocked(SessionNumber{1});
    ASSERT_TRUE(note) << end;
    EXPECT_EQ(note->by, PartyIndex{2});
    EXPECT_EQ(note->what.reason.text(), "rule 7");
    EXPECT_FALSE(path->error(end));
  }
  EXPECT_FALSE(path->record(1)->blocked(SessionNumber{1}));  // the others pass the channels of M2 on unread
}

TEST_F(Blocked, each_middlebox_speaks_for_itself_only) {
  say(1, word(1, "by the first"));
  say(2, word(1, "by the second"));
  EXPECT_EQ(path->record(0)->blocked(SessionNumber{1})->by, PartyIndex{1});
  EXPECT_EQ(path->record(0)->blocked(SessionNumber{1})->what.reason.text(), "by the first");
}

TEST_F(Blocked, of_no_session_or_one_that_never_was_is_noticed_by_the_client) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
    path = established(watched);
    session = joined(*path);
    say(1, word(number));
    expect_refused_by(0, Fault::bad_value);
  }
}

TEST_F(Blocked, may_reach_the_server_before_the_join_but_not_from_far_ahead) {
  path = established(watched);
  auto chain = joined(*path);
  ASSERT_TRUE(path->record(server)->note_blocked({PartyIndex{1}, word(2)}));
  EXPECT_FALSE(path->record(server)->note_blocked({PartyIndex{1}, word(limits::join_window + 2)}));
}

TEST_F(Blocked, twice_for_a_session_is_noticed) {
  say(1, word(1));
  say(1, word(1, "again"));
  ASSERT_TRUE(path->error(0));
  EXPECT_EQ(name_of(path->error(0)->fault), name_of(Fault::unexpected_message));
  EXPECT_EQ(path->record(0)->blocked(SessionNumber{1})->what.reason.text(), "rule 7");
}

TEST_F(Blocked, oftener_than_there_were_sessions_is_noticed_and_memory_is_bounded) {  // DS-05
  const auto& record = path->record(0);
  std::vector<std::unique_ptr<sim::Path::Session>> sessions;
  for (std::uint64_t number = 2; number <= 2 * limits::blocked_notes; ++number) sessions.push_back(joined(*path));
  for (std::uint64_t number = 1; number <= 2 * limits::blocked_notes; ++number)
    ASSERT_TRUE(record->note_blocked({PartyIndex{1}, word(number)})) << number;
  EXPECT_FALSE(record->blocked(SessionNumber{1}));  // forgotten: only the newest are kept
  EXPECT_TRUE(record->blocked(SessionNumber{2 * limits::blocked_notes}));
  const auto again = record->note_blocked({PartyIndex{1}, word(1)});
  ASSERT_FALSE(again);
  EXPECT_EQ(name_of(again.error().fault), name_of(Fault::unexpected_message));
}

TEST_F(Blocked, for_a_context_that_does_not_exist_is_noticed) {
  say(1, word(1, "x", 200));
  expect_refused_by(0, Fault::bad_value);
}

// It saw nothing and stopped nothing: a false "403" would have the user do again what was done.
TEST_F(Blocked, by_a_middlebox_that_may_not_look_there_is_noticed) {
  using session::Grant;
  for (const std::size_t by : {std::size_t{1}, std::size_t{2}}) {
    const GrantRow row = by == 1 ? GrantRow{Grant::none, Grant::write} : GrantRow{Grant::write, Grant::none};
    path = established({.middleboxes = 2, .profile = &single_traits, .grants = grants_on("a", row)});
    session = joined(*path);
    say(by, word(1));
    expect_refused_by(0, Fault::bad_value);
    EXPECT_FALSE(path->record(server)->blocked(SessionNumber{1}));
  }
}

TEST_F(Blocked, with_a_reason_that_is_no_printable_text_is_noticed) {  // AU-04, AL-01
  for (const std::string_view reason : {"two\nlines", "esc\x1b[31m", "caf\xc3\xa9", "\x7f"}) {
    path = established(watched);
    session = joined(*path);
    say(2, word(1, reason));
    expect_refused_by(0, Fault::bad_value);
  }
}

}  // namespace
}  // namespace louver::rogue::blocked
