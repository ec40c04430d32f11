#include "filter/log/log_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/log/excerpt.h"
#include "filter/log/sample.h"
#include "filter/test_support.h"

namespace louver::filter::log {
namespace {

using namespace test;
using testing::HasSubstr;

/// A record that owns its text.
struct Noted {
  std::string session, context;
  Direction direction;
  Exchange exchange;
  std::uint64_t octets, redacted_octets;
  bool complete;
  std::optional<std::string> excerpt;
};

struct Notes {
  std::function<void(const LogRecord&)> writer() {
    return [this](const LogRecord& one) {
      records.push_back({std::string{one.session}, std::string{one.context}, one.direction, one.exchange, one.octets,
                         one.redacted_octets, one.complete, one.excerpt});
    };
  }
  std::vector<Noted> records;
};

Factories logs(LogOptions options) {
  auto made = make_log(std::move(options));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

TEST(Log, notes_each_message_once_with_its_size) {
  const TestSession session{{"request-body", Grant::read}, {"response-body", Grant::none, Grant::inspect}};
  Notes notes;
  TestRelay relay{session, logs({.write = notes.writer()})};
  EXPECT_TRUE(relay.feed("request-body", c2s, "0123456789", std::array<std::size_t, 3>{1, 1, 7}, 3));
  EXPECT_TRUE(relay.feed("response-body", s2c, "", {}, 3));
  ASSERT_EQ(notes.records.size(), 2U);
  const Noted& one = notes.records[0];
  EXPECT_EQ(one.session, "0011223344556677/5");
  EXPECT_EQ(one.context, "request-body");
  EXPECT_EQ(one.direction, c2s);
  EXPECT_EQ(raw(one.exchange), 3U);
  EXPECT_EQ(one.octets, 10U);
  EXPECT_TRUE(one.complete);
  EXPECT_EQ(one.excerpt, std::nullopt);
  EXPECT_EQ(notes.records[1].octets, 0U);
}

TEST(Log, never_changes_what_passes) {
  const TestSession session = all_writable();
  Notes notes;
  TestRelay relay{session, logs({.write = notes.writer()})};
  EXPECT_TRUE(relay.feed("request-body", c2s, "as it is", std::array<std::size_t, 1>{3}));
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
  EXPECT_EQ(relay.text("request-body", c2s), "as it is");
}

TEST(Log, says_what_was_redacted) {
  const TestSession session{{"request-body", Grant::read}};
  Notes notes;
  TestRelay relay{session, logs({.payload = true, .write = notes.writer()})};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "seen"}));
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "", false, true, 100}));
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "", true}));
  ASSERT_EQ(notes.records.size(), 1U);
  EXPECT_EQ(notes.records[0].octets, 4U);
  EXPECT_EQ(notes.records[0].redacted_octets, 100U);
  EXPECT_EQ(notes.records[0].excerpt, "seen");
}

TEST(Log, notes_messages_that_a_session_left_open) {
  const TestSession session{{"request-body", Grant::read}, {"request-head", Grant::read}};
  Notes notes;
  TestRelay relay{session, logs({.write = notes.writer()})};
  EXPECT_TRUE(relay.feed("request-head", c2s, "whole"));
  EXPECT_TRUE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "half"}));
  relay.chain().on_session_end();
  relay.chain().on_session_end();
  ASSERT_EQ(notes.records.size(), 2U);
  EXPECT_TRUE(notes.records[0].complete);
  EXPECT_FALSE(notes.records[1].complete);
  EXPECT_EQ(notes.records[1].octets, 4U);
}

TEST(Log, shows_content_only_if_asked_and_never_credentials) {
  const TestSession session = all_writable();
  Notes notes;
  TestRelay relay{
      session, logs({.contexts = {"request-head", "request-credentials"}, .payload = true, .write = notes.writer()})};
  EXPECT_TRUE(relay.feed("request-head", c2s, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_TRUE(relay.feed("request-credentials", c2s, "cookie: canary\r\n"));
  ASSERT_EQ(notes.records.size(), 2U);
  EXPECT_EQ(notes.records[0].excerpt, "GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n");
  EXPECT_EQ(notes.records[1].excerpt, std::nullopt);
  EXPECT_EQ(notes.records[1].octets, 16U);
}

TEST(Log, keeps_sessions_apart_that_share_a_factory) {
  const TestSession session{{"request-body", Grant::read}};
  Notes notes;
  const Factories shared = logs({.payload = true, .write = notes.writer()});
  TestRelay one{session, shared}, other{session, shared};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(one.feed({id, c2s, Exchange{1}, "one "}));
  EXPECT_TRUE(other.feed({id, c2s, Exchange{1}, "other", true}));
  EXPECT_TRUE(one.feed({id, c2s, Exchange{1}, "again", true}));
  ASSERT_EQ(notes.records.size(), 2U);
  EXPECT_EQ(notes.records[0].excerpt, "other");
  EXPECT_EQ(notes.records[1].excerpt, "one again");
}

TEST(Log, outlives_its_factory) {
  const TestSession session{{"request-body", Grant::read}};
  Notes notes;
  auto relay = std::make_unique<TestRelay>(session, logs({.write = notes.writer()}));  // the factory is gone already
  EXPECT_TRUE(relay->feed("request-body", c2s, "x"));
  EXPECT_EQ(notes.records.size(), 1U);
}

TEST(Log, needs_read_on_listed_contexts_or_takes_what_is_granted) {
  const TestSession session{{"request-body", Grant::read}};
  Notes notes;
  EXPECT_TRUE(TestRelay(session, logs({.write = notes.writer()})).chain().missing().empty());
  TestRelay listed{session, logs({.contexts = {"request-head", "request-body"}, .write = notes.writer()})};
  ASSERT_EQ(listed.chain().missing().size(), 1U);
  EXPECT_EQ(describe(listed.chain().missing()[0]), "filter log needs read on request-head (c2s), has none");
  const TestSession nothing{};
  EXPECT_EQ(TestRelay(nothing, logs({.write = notes.writer()})).chain().missing().size(), 6U);
}

TEST(Log, refuses_options_that_make_no_sense) {
  const auto write = [](const LogRecord&) {};
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(make_log({.sample = share, .write = write}).error().fault, Fault::configuration);
  }
  EXPECT_THAT(make_log({}).error().detail, HasSubstr("nowhere"));
  EXPECT_THAT(make_log({.contexts = {"a", "a"}, .write = write}).error().detail, HasSubstr("twice"));
  EXPECT_THAT(make_log({.contexts = {""}, .write = write}).error().detail, HasSubstr("no name"));
}

TEST(Log, gives_the_same_record_however_a_message_is_cut) {
  std::mt19937 random{3};
  const std::string message = "line\r\n" + std::string(150, 'a') + "\x01\x80\\" + std::string(150, 'b');
  std::optional<std::string> expected;
  for (int round = 0; round < 200; ++round) {
    const TestSession session{{"request-body", Grant::read}};
    Notes notes;
    TestRelay relay{session, logs({.payload = true, .write = notes.writer()})};
    ASSERT_TRUE(relay.feed("request-body", c2s, message, random_cuts(random, message.size(), 12)));
    ASSERT_EQ(notes.records.size(), 1U);
    ASSERT_EQ(notes.records[0].octets, message.size());
    if (!expected) expected = notes.records[0].excerpt;
    ASSERT_EQ(notes.records[0].excerpt, expected);
  }
  ASSERT_TRUE(expected);
  EXPECT_EQ(expected->size(), excerpt_characters);
}

// --- excerpts
// ---------------------------------------------------------------------------------------------------------

std::string excerpt(std::string_view content, std::size_t most = excerpt_characters) {
  Excerpt out{most};
  out.add(as_bytes(content));
  return out.text();
}

TEST(LogExcerpt, is_printable_ascii_whatever_comes) {
  EXPECT_EQ(excerpt("a\\b\r\n\tc\x1b[0m\x7f\xff"), "a\\\\b\\r\\n\\tc\\x1b[0m\\x7f\\xff");
  for (int octet = 0; octet < 256; ++octet) {
    for (const char c : excerpt(std::string(1, static_cast<char>(octet)))) EXPECT_TRUE(c >= 0x20 && c <= 0x7e) << octet;
  }
}

TEST(LogExcerpt, ends_at_its_limit_without_half_an_escape) {
  EXPECT_EQ(excerpt("abcd", 4), "abcd");
  EXPECT_EQ(excerpt("abcde", 4), "abcd");
  EXPECT_EQ(excerpt("ab\x01zz", 4), "ab");
}

// --- sampling
// ---------------------------------------------------------------------------------------------------------

TEST(LogSample, is_all_or_nothing_at_its_ends) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_FALSE(in_sample("session/1", Exchange{i}, 0));
    EXPECT_TRUE(in_sample("session/1", Exchange{i}, 1));
  }
}

TEST(LogSample, holds_about_its_share_over_exchanges_and_over_sessions) {
  for (const double share : {0.01, 0.25, 0.5, 0.9}) {
    int exchanges = 0, sessions = 0;
    for (std::uint32_t i = 0; i < 20000; ++i) {
      exchanges += in_sample("0011223344556677/1", Exchange{i}, share) ? 1 : 0;
      sessions += in_sample("0011223344556677/" + std::to_string(i), Exchange{1}, share) ? 1 : 0;
    }
    EXPECT_NEAR(exchanges / 20000.0, share, 0.015);
    EXPECT_NEAR(sessions / 20000.0, share, 0.015);
  }
}

TEST(LogSample, holds_all_messages_of_an_exchange_or_none) {
  const TestSession session{
      {"request-head", Grant::read}, {"request-body", Grant::read}, {"response-body", Grant::none, Grant::read}};
  Notes notes;
  TestRelay relay{session, logs({.sample = 0.5, .write = notes.writer()})};
  for (std::uint32_t exchange = 1; exchange <= 100; ++exchange) {
    EXPECT_TRUE(relay.feed("request-head", c2s, "h", {}, exchange));
    EXPECT_TRUE(relay.feed("request-body", c2s, "b", {}, exchange));
    EXPECT_TRUE(relay.feed("response-body", s2c, "r", {}, exchange));
  }
  EXPECT_GT(notes.records.size(), 90U);
  EXPECT_LT(notes.records.size(), 210U);
  std::map<std::uint32_t, int> of_exchange;
  for (const Noted& one : notes.records) ++of_exchange[raw(one.exchange)];
  for (const auto& [exchange, count] : of_exchange) EXPECT_EQ(count, 3) << exchange;
}

}  // namespace
}  // namespace louver::filter::log
