#include "filter/ask/ask_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

namespace louver::filter::ask {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Keeps what it is asked until the test answers.
class TestEngine final : public Engine {
 public:
  std::uint64_t ask(Question question, Done done) override {
    asked.push_back(std::string{as_text(question.octets)});
    questions.push_back(std::move(question));
    open[++last] = std::move(done);
    return last;
  }
  void forget(std::uint64_t number) override {
    forgotten.push_back(number);
    open.erase(number);
  }
  void answer(Result<Answer> with) {
    ASSERT_FALSE(open.empty());
    const Done done = std::move(open.begin()->second);
    open.erase(open.begin());
    done(std::move(with));
  }
  std::vector<std::string> asked;
  std::vector<Question> questions;
  std::map<std::uint64_t, Done> open;
  std::vector<std::uint64_t> forgotten;
  std::uint64_t last = 0;
};

class AskTest : public ::testing::Test {
 protected:
  void make(AskOptions::Unit unit, Grant access, AskOptions::OnFailure on_failure = AskOptions::OnFailure::block,
            std::size_t message_most = 1000) {
    auto factory = make_ask({.kind = "test",
                             .contexts = {"request-head", "request-body", "response-body"},
                             .access = access,
                             .unit = unit,
                             .on_failure = on_failure,
                             .message_most = message_most,
                             .engine = engine,
                             .write = [this](const Failure& one) {
                               failures.push_back(std::string{one.context} + ": " + std::string{one.what} +
                                                  (one.passed ? " (passed)" : ""));
                             }});
    ASSERT_TRUE(factory) << describe(factory.error());
    session = std::make_unique<TestSession>(std::initializer_list<Granted>{
        {"request-head", access}, {"request-body", access}, {"response-body", Grant::none, access}});
    relay = std::make_unique<TestRelay>(*session, Factories{*factory});
    ASSERT_THAT(relay->chain().missing(), IsEmpty());
  }
  Result<> feed(std::string_view bytes, bool end = false, std::string_view context = "request-body",
                std::uint32_t exchange = 1) {
    return relay->feed({relay->id(context), c2s, Exchange{exchange}, std::string{bytes}, end});
  }
  Result<> answer(Result<Answer> with) {
    engine->answer(std::move(with));
    return relay->deliver();
  }
  std::string out(std::uint32_t exchange = 1) const { return relay->text("request-body", c2s, exchange); }
  std::size_t ends(std::uint32_t exchange = 1) const { return relay->ends("request-body", c2s, exchange); }

  static Answer replace(std::string_view with) { return {.judgement = Judgement::replace, .octets = to_buffer(with)}; }
  static Answer pass() { return {}; }
  static Answer block() { return {.judgement = Judgement::block, .reason = "not this"}; }
  static Error dead() { return {Fault::filter_failed, "it is dead"}; }

  std::shared_ptr<TestEngine> engine = std::make_shared<TestEngine>();
  std::vector<std::string> failures;
  std::unique_ptr<TestSession> session;
  std::unique_ptr<TestRelay> relay;
};

TEST_F(AskTest, a_writer_keeps_the_whole_message_back_until_the_answer) {
  make(AskOptions::Unit::message, Grant::write);
  ASSERT_TRUE(feed("card "));
  ASSERT_TRUE(feed("4111"));
  ASSERT_TRUE(feed("!", true));
  EXPECT_EQ(out(), "");
  EXPECT_THAT(engine->asked, ElementsAre("card 4111!"));
  ASSERT_TRUE(answer(replace("card xxxx!")));
  EXPECT_EQ(out(), "card xxxx!");
  EXPECT_EQ(ends(), 1U);
}

TEST_F(AskTest, what_passes_is_what_came) {
  make(AskOptions::Unit::message, Grant::write);
  for (std::uint32_t exchange = 1; exchange <= 2; ++exchange) {
    ASSERT_TRUE(feed("a", false, "request-body", exchange));
    ASSERT_TRUE(feed("b", true, "request-body", exchange));
    ASSERT_TRUE(answer(pass()));
    EXPECT_EQ(out(exchange), "ab");
    EXPECT_EQ(ends(exchange), 1U);
  }
}

TEST_F(AskTest, a_reader_is_asked_about_the_whole_and_its_last_record_waits) {
  make(AskOptions::Unit::message, Grant::inspect);
  ASSERT_TRUE(feed("evi"));
  ASSERT_TRUE(feed("l", true));
  EXPECT_EQ(out(), "evi");
  EXPECT_EQ(ends(), 0U);
  EXPECT_THAT(engine->asked, ElementsAre("evil"));
}

// FI-11: a verdict after octets went out makes a message without an end, never a clean one.
TEST_F(AskTest, fi11_a_message_that_a_reader_blocks_never_ends) {
  make(AskOptions::Unit::message, Grant::inspect);
  ASSERT_TRUE(feed("evi"));
  ASSERT_TRUE(feed("l", true));
  const auto answered = answer(block());
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().fault, Fault::blocked_by_policy);
  EXPECT_THAT(answered.error().detail, HasSubstr("not this"));
  EXPECT_EQ(out(), "evi");
  EXPECT_EQ(ends(), 0U);
}

TEST_F(AskTest, pieces_are_asked_about_one_at_a_time_and_an_end_alone_too) {
  make(AskOptions::Unit::piece, Grant::write);
  ASSERT_TRUE(feed("one"));
  ASSERT_TRUE(feed("two"));
  ASSERT_TRUE(feed("", true));
  EXPECT_THAT(engine->asked, ElementsAre("one"));
  ASSERT_TRUE(answer(replace("1")));
  EXPECT_THAT(engine->asked, ElementsAre("one", "two"));
  ASSERT_TRUE(answer(pass()));
  EXPECT_THAT(engine->asked, ElementsAre("one", "two", ""));
  EXPECT_TRUE(engine->questions.back().end);
  ASSERT_TRUE(answer(replace("3")));
  EXPECT_EQ(out(), "1two3");
  EXPECT_EQ(ends(), 1U);
}

TEST_F(AskTest, messages_without_content_are_not_asked_about) {
  for (const auto unit : {AskOptions::Unit::message, AskOptions::Unit::piece}) {
    make(unit, Grant::write);
    ASSERT_TRUE(feed("", false));
    ASSERT_TRUE(feed("", true));
    EXPECT_THAT(engine->asked, IsEmpty());
    EXPECT_EQ(ends(), 1U);
  }
}

TEST_F(AskTest, heads_are_asked_about_whole_even_where_pieces_are) {
  make(AskOptions::Unit::piece, Grant::write);
  ASSERT_TRUE(feed("GET / HTTP/1.1\r\nho", false, "request-head"));
  ASSERT_TRUE(feed("st: a\r\n\r\n", true, "request-head"));
  EXPECT_THAT(engine->asked, ElementsAre("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
}

// FI-06: something that is no head in the place of a head is this filter's failure, not the far end's to find.
TEST_F(AskTest, fi06_a_head_is_replaced_by_a_canonical_head_only) {
  const std::string head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  for (const char* bad : {"", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\n\n",
                          "GET / HTTP/1.1\r\nhost: a\r\ncookie: c\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nX: 1\r\n\r\n",
                          "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n"}) {
    make(AskOptions::Unit::message, Grant::write);
    ASSERT_TRUE(feed(head, true, "request-head"));
    const auto answered = answer(replace(bad));
    ASSERT_FALSE(answered) << bad;
    EXPECT_EQ(answered.error().fault, Fault::filter_failed);
    EXPECT_EQ(relay->text("request-head", c2s), "");
  }
  make(AskOptions::Unit::message, Grant::write);
  ASSERT_TRUE(feed(head, true, "request-head"));
  ASSERT_TRUE(answer(replace("GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n")));
  EXPECT_EQ(relay->text("request-head", c2s), "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n");
}

// FI-06: answers beyond the grant.
TEST_F(AskTest, fi06_answers_beyond_the_access_are_failures) {
  const Answer redact{.judgement = Judgement::redact};
  const std::vector<std::tuple<Grant, Answer>> beyond = {
      {Grant::read, block()},   {Grant::read, replace("y")},
      {Grant::read, redact},    {Grant::inspect, replace("y")},
      {Grant::inspect, redact}, {Grant::redact, replace("y")},
      {Grant::write, redact},   {Grant::write, replace(std::string(1001, 'y'))}};
  for (const auto& [access, said] : beyond) {
    make(AskOptions::Unit::piece, access);
    ASSERT_TRUE(feed("x", true));
    const auto answered = answer(said);
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().fault, Fault::filter_failed);
    EXPECT_EQ(out(), "");
  }
  EXPECT_EQ(failures.size(), beyond.size());
}

// FI-05: fail-closed, as configured.
TEST_F(AskTest, fi05_a_dead_engine_blocks) {
  for (const Grant access : {Grant::read, Grant::inspect, Grant::write}) {
    make(AskOptions::Unit::message, access);
    failures.clear();
    ASSERT_TRUE(feed("x", true));
    const auto answered = answer(dead());
    ASSERT_FALSE(answered);
    EXPECT_EQ(alert_for(answered.error().fault), Alert::blocked_by_policy);
    EXPECT_EQ(out(), "");
    EXPECT_THAT(failures, ElementsAre("request-body: it is dead"));
  }
}

// FI-05: fail-open, as configured: the message is whole, the next one is asked about again.
TEST_F(AskTest, fi05_a_dead_engine_lets_pass_what_came_and_the_next_message_is_asked_about) {
  for (const auto unit : {AskOptions::Unit::message, AskOptions::Unit::piece}) {
    for (const Grant access : {Grant::inspect, Grant::write}) {
      make(unit, access, AskOptions::OnFailure::pass);
      failures.clear();
      engine->asked.clear();
      ASSERT_TRUE(feed("first "));
      ASSERT_TRUE(feed("second "));
      ASSERT_TRUE(feed("third", true));
      ASSERT_TRUE(answer(dead()));
      EXPECT_EQ(out(), "first second third");
      EXPECT_EQ(ends(), 1U);
      EXPECT_THAT(failures, ElementsAre("request-body: it is dead (passed)"));
      EXPECT_EQ(engine->asked.size(), 1U) << "the rest of a message that passes unchecked is not asked about";
      ASSERT_TRUE(feed("next", true, "request-body", 2));
      ASSERT_TRUE(answer(pass()));
      EXPECT_EQ(out(2), "next");
    }
  }
}

TEST_F(AskTest, a_message_of_the_limit_is_asked_about_and_a_longer_one_is_a_failure) {
  for (const Grant access : {Grant::inspect, Grant::write}) {
    make(AskOptions::Unit::message, access, AskOptions::OnFailure::block, 10);
    ASSERT_TRUE(feed("12345"));
    ASSERT_TRUE(feed("67890", true));
    ASSERT_TRUE(answer(pass()));
    EXPECT_EQ(out(), "1234567890");
    ASSERT_TRUE(feed("12345", false, "request-body", 2));
    const auto fed = feed("678901", false, "request-body", 2);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().fault, Fault::filter_failed);
    EXPECT_EQ(ends(2), 0U);
  }
}

TEST_F(AskTest, a_message_above_the_limit_passes_whole_where_failures_pass) {
  for (const bool at_the_end : {false, true}) {
    make(AskOptions::Unit::message, Grant::write, AskOptions::OnFailure::pass, 10);
    ASSERT_TRUE(feed("12345"));
    ASSERT_TRUE(feed("678901", at_the_end));
    if (!at_the_end) {
      ASSERT_TRUE(feed("2", true));
    }
    EXPECT_EQ(out(), at_the_end ? "12345678901" : "123456789012");
    EXPECT_EQ(ends(), 1U);
    EXPECT_THAT(engine->asked, IsEmpty());
    ASSERT_TRUE(feed("short", true, "request-body", 2));
    EXPECT_THAT(engine->asked, ElementsAre("short"));
    engine->asked.clear();
  }
}

TEST_F(AskTest, both_directions_have_a_question_open_at_a_time) {
  make(AskOptions::Unit::message, Grant::inspect);
  ASSERT_TRUE(feed("question", true));
  ASSERT_TRUE(relay->feed("response-body", s2c, "answer"));
  EXPECT_EQ(engine->open.size(), 2U);
  engine->answer(pass());
  ASSERT_TRUE(relay->deliver());
  EXPECT_EQ(out(), "question");
  EXPECT_EQ(relay->text("response-body", s2c), "");
  engine->answer(pass());
  ASSERT_TRUE(relay->deliver());
  EXPECT_EQ(relay->text("response-body", s2c), "answer");
}

TEST_F(AskTest, a_tombstone_is_asked_about_as_what_it_becomes) {
  make(AskOptions::Unit::message, Grant::write);
  ASSERT_TRUE(feed("a"));
  ASSERT_TRUE(relay->feed({relay->id("request-body"), c2s, Exchange{1}, "", false, true, 3}));
  ASSERT_TRUE(feed("b", true));
  EXPECT_THAT(engine->asked, ElementsAre("axxxb"));
  ASSERT_TRUE(answer(pass()));
  EXPECT_EQ(out(), "axxxb");
}

TEST_F(AskTest, a_session_that_ends_forgets_its_questions) {
  make(AskOptions::Unit::message, Grant::inspect);
  ASSERT_TRUE(feed("x", true));
  relay->chain().on_session_end();
  EXPECT_THAT(engine->forgotten, ElementsAre(1U));
}

TEST_F(AskTest, questions_say_who_asks) {
  make(AskOptions::Unit::message, Grant::inspect);
  ASSERT_TRUE(feed("x", true, "request-body", 1));
  const Question& question = engine->questions.front();
  EXPECT_THAT(question.facts->path, ElementsAre("m1.example", "server.example"));
  EXPECT_EQ(question.facts->self, 0U);
  EXPECT_EQ(question.facts->profile, "http/1");
  EXPECT_EQ(question.facts->session, session->info().id);
  EXPECT_EQ(question.right, Grant::inspect);
  EXPECT_EQ(question.exchange, Exchange{1});
}

/// Answers of an engine that comes at random moments, pieces of random sizes, in chains of one to four.
TEST_F(AskTest, any_split_gives_the_same_output_in_chains_of_one_to_four) {
  std::mt19937 random{7};
  const auto pick = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(random); };
  const auto doubled = [](std::string_view text) {
    std::string made;
    for (const char c : text) made += std::string(2, c);
    return made;
  };
  for (int round = 0; round < 300; ++round) {
    Factories factories;
    std::vector<std::shared_ptr<TestEngine>> engines;
    for (std::size_t i = pick(3) + 1; i > 0; --i) {
      engines.push_back(std::make_shared<TestEngine>());
      factories.push_back(*make_ask({.kind = "test",
                                     .contexts = {"request-body"},
                                     .access = Grant::write,
                                     .unit = pick(1) == 0 ? AskOptions::Unit::message : AskOptions::Unit::piece,
                                     .engine = engines.back(),
                                     .write = [](const Failure&) {}}));
    }
    const TestSession all = all_writable();
    TestRelay chain{all, factories};
    const auto answer_some = [&](bool every) {
      bool again = true;
      while (again) {
        again = false;
        for (const auto& one : engines) {
          if (one->open.empty() || (!every && pick(1) == 0)) continue;
          const std::string text = one->asked.back();
          one->answer(text.empty() ? pass() : replace(doubled(text)));
          ASSERT_TRUE(chain.deliver());
          again = true;
        }
      }
    };
    std::vector<std::string> messages;
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      std::string& message = messages.emplace_back(pick(30), ' ');
      for (char& c : message) c = static_cast<char>('a' + pick(25));
      std::size_t begin = 0;
      for (const std::size_t cut : random_cuts(random, message.size(), 6)) {
        ASSERT_TRUE(
            chain.feed({chain.id("request-body"), c2s, Exchange{exchange}, message.substr(begin, cut - begin)}));
        begin = cut;
        answer_some(false);
      }
      ASSERT_TRUE(chain.feed({chain.id("request-body"), c2s, Exchange{exchange}, message.substr(begin), true}));
      answer_some(false);
    }
    answer_some(true);
    for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
      std::string expected = messages[exchange - 1];
      for (std::size_t i = 0; i < engines.size(); ++i) expected = doubled(expected);
      ASSERT_EQ(chain.text("request-body", c2s, exchange), expected) << round;
      ASSERT_EQ(chain.ends("request-body", c2s, exchange), 1U);
    }
  }
}

TEST(Ask, refuses_options_that_make_no_sense) {
  const auto write = [](const Failure&) {};
  const auto engine = std::make_shared<TestEngine>();
  EXPECT_FALSE(make_ask({.kind = "t", .access = Grant::none, .engine = engine, .write = write}));
  EXPECT_FALSE(make_ask({.kind = "t", .access = Grant::redact, .engine = engine, .write = write}));
  EXPECT_FALSE(make_ask({.kind = "t", .message_most = 0, .engine = engine, .write = write}));
  EXPECT_FALSE(make_ask({.kind = "t", .message_most = limits::held_bytes + 1, .engine = engine, .write = write}));
  EXPECT_FALSE(make_ask({.kind = "t", .contexts = {"x", "x"}, .engine = engine, .write = write}));
  EXPECT_TRUE(make_ask({.kind = "t", .engine = engine, .write = write}));
}

}  // namespace
}  // namespace louver::filter::ask
