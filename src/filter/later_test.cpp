#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

/// Filters whose engines answer later: who waits, for how much, and what is refused.
namespace louver::filter {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Need> bodies(Grant least) { return {{"request-body", c2s, least}, {"response-body", s2c, least}}; }

/// Says `later` to every part, and `answer` once the test has delivered.
class Slow final : public FilterFactory {
 public:
  Slow(Grant least, Act answer) : least_(least), answer_(std::move(answer)) {}
  std::string_view name() const override { return "slow"; }
  bool can_act_in(const session::ProfileTraits&) const override { return true; }
  std::vector<Need> needs(const SessionInfo&) const override { return bodies(least_); }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<Acting>(answer_, session.recall)};
  }

 private:
  struct Acting final : Filter {
    Acting(Act a, std::shared_ptr<Recall> r) : answer(std::move(a)), recall(std::move(r)) {}
    Result<Verdict> on_part(const FilterPart& part, Emitter&) override {
      recall->recall(part.direction, [] {});
      return Verdict::later;
    }
    Result<Verdict> on_answer(const FilterPart& part, Emitter& out) override { return answer(part, out); }
    Act answer;
    std::shared_ptr<Recall> recall;
  };
  Grant least_;
  Act answer_;
};

Factories slow(Grant least, Act answer) { return {std::make_shared<Slow>(least, std::move(answer))}; }
Act says(Verdict verdict) {
  return [verdict](const FilterPart&, Emitter&) -> Result<Verdict> { return verdict; };
}
OwnedPart part_of(const TestRelay& relay, std::string bytes, bool end = false) {
  return {relay.id("request-body"), c2s, Exchange{1}, std::move(bytes), end};
}

TEST(Later, nothing_of_the_direction_goes_on_before_the_answer_and_the_other_direction_does) {
  Factories factories = {std::make_shared<Slow>(Grant::inspect, says(Verdict::pass))};
  const TestSession session{{"request-body", Grant::inspect}, {"response-body", Grant::none, Grant::inspect}};
  TestRelay relay{session, factories};
  ASSERT_TRUE(relay.feed("request-body", c2s, "question"));
  ASSERT_TRUE(relay.feed("request-head", c2s, "of no filter", {}, 2));
  EXPECT_EQ(relay.text("request-body", c2s), "");
  EXPECT_EQ(relay.text("request-head", c2s, 2), "");
  ASSERT_TRUE(relay.feed("response-head", s2c, "goes on"));
  EXPECT_EQ(relay.text("response-head", s2c), "goes on");
  ASSERT_TRUE(relay.deliver());
  EXPECT_EQ(relay.text("request-body", c2s), "question");
  EXPECT_EQ(relay.ends("request-body", c2s), 1U);
  EXPECT_EQ(relay.text("request-head", c2s, 2), "of no filter");
}

TEST(Later, the_filter_is_shown_the_same_octets_again) {
  const TestSession session = all_writable();
  std::string shown;
  TestRelay relay{session, slow(Grant::write, [&](const FilterPart& part, Emitter& out) -> Result<Verdict> {
                    shown += as_text(part.bytes);
                    LOUVER_TRY(out.emit(as_bytes("[" + std::string{as_text(part.bytes)} + "]"), part.end));
                    return Verdict::replaced;
                  })};
  ASSERT_TRUE(relay.feed(part_of(relay, "abc")));
  ASSERT_TRUE(relay.feed(part_of(relay, "de", true)));
  ASSERT_TRUE(relay.deliver());
  ASSERT_TRUE(relay.deliver());
  EXPECT_EQ(shown, "abcde");
  EXPECT_EQ(relay.text("request-body", c2s), "[abc][de]");
}

TEST(Later, a_late_redaction_is_a_tombstone) {
  const TestSession session{{"request-body", Grant::redact}, {"response-body", Grant::none, Grant::redact}};
  TestRelay relay{session, slow(Grant::redact, says(Verdict::redact))};
  ASSERT_TRUE(relay.feed(part_of(relay, "secret")));
  ASSERT_TRUE(relay.deliver());
  EXPECT_EQ(relay.last_verdict, Verdict::redact);
  EXPECT_EQ(relay.redacted_octets, 6U);
}

TEST(Later, asked_in_vain_it_goes_on_waiting) {
  const TestSession session = all_writable();
  int asked = 0;
  TestRelay relay{session, slow(Grant::write, [&](const FilterPart&, Emitter&) -> Result<Verdict> {
                    return ++asked < 3 ? Verdict::later : Verdict::pass;
                  })};
  ASSERT_TRUE(relay.feed("request-body", c2s, "x"));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(relay.ask_again(c2s));
    EXPECT_TRUE(relay.stalled(c2s));
  }
  ASSERT_TRUE(relay.ask_again(c2s));
  EXPECT_EQ(relay.text("request-body", c2s), "x");
}

// FI-06: a late answer is held to the same right as one given at once.
TEST(Later, fi06_an_answer_beyond_the_right_is_refused) {
  for (const auto& [least, verdict] : {std::pair{Grant::inspect, Verdict::redact},
                                       {Grant::inspect, Verdict::replaced},
                                       {Grant::inspect, Verdict::hold},
                                       {Grant::redact, Verdict::replaced},
                                       {Grant::write, Verdict::redact}}) {
    const TestSession session{{"request-body", Grant::write}, {"response-body", Grant::none, Grant::write}};
    TestRelay relay{session, slow(least, says(verdict))};
    ASSERT_TRUE(relay.feed(part_of(relay, "x")));
    const auto answered = relay.deliver();
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().fault, Fault::filter_failed);
    EXPECT_EQ(relay.text("request-body", c2s), "");
  }
}

TEST(Later, fi06_a_reader_that_emits_in_its_late_answer_is_refused) {
  const TestSession session{{"request-body", Grant::write}, {"response-body", Grant::none, Grant::write}};
  TestRelay relay{session, slow(Grant::read, [](const FilterPart& part, Emitter& out) -> Result<Verdict> {
                    static_cast<void>(out.emit(part.bytes, part.end));  // overlooks the fault
                    return Verdict::pass;
                  })};
  ASSERT_TRUE(relay.feed(part_of(relay, "x", true)));
  const auto answered = relay.deliver();
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().fault, Fault::filter_failed);
}

TEST(Later, a_filter_without_an_engine_may_not_say_it) {
  const TestSession session = all_writable();
  TestRelay relay{session, {act({{"request-body", c2s, Grant::read}}, says(Verdict::later))}};
  ASSERT_TRUE(relay.feed("request-body", c2s, "x"));
  const auto answered = relay.ask_again(c2s);
  ASSERT_FALSE(answered);
  EXPECT_THAT(answered.error().detail, HasSubstr("no engine"));
}

/// Emits `times` parts of `octets` for each that it is shown.
std::shared_ptr<const FilterFactory> multiplier(std::size_t times, std::size_t octets) {
  return act({{"request-body", c2s, Grant::write}}, [=](const FilterPart& part, Emitter& out) -> Result<Verdict> {
    const std::string text(octets, 'm');
    for (std::size_t i = 0; i < times; ++i) LOUVER_TRY(out.emit(as_bytes(text), part.end && i + 1 == times));
    return Verdict::replaced;
  });
}

TEST(Later, what_another_filter_emits_meanwhile_waits_within_the_limit) {
  constexpr std::size_t most = 1000;
  // the first part is asked about, the rest waits
  for (const std::size_t times : {std::size_t{101}, std::size_t{102}}) {
    const TestSession session = all_writable();
    Factories factories = {multiplier(times, 10)};
    factories.push_back(std::make_shared<Slow>(Grant::write, says(Verdict::pass)));
    TestRelay relay{session, factories, most};
    const auto fed = relay.feed("request-body", c2s, "x");
    ASSERT_EQ(static_cast<bool>(fed), times == 101) << explain(fed);
    if (!fed) {
      EXPECT_EQ(fed.error().fault, Fault::limit_exceeded);
      continue;
    }
    while (relay.to_deliver() != 0) ASSERT_TRUE(relay.deliver());
    EXPECT_EQ(relay.text("request-body", c2s), std::string(1010, 'm'));
    EXPECT_EQ(relay.ends("request-body", c2s), 1U);
  }
}

TEST(Later, single_octets_that_wait_become_one_part) {
  const TestSession session = all_writable();
  std::vector<std::size_t> sizes;
  Factories factories = {multiplier(10'000, 1)};
  factories.push_back(std::make_shared<Slow>(Grant::write, [&](const FilterPart& part, Emitter&) -> Result<Verdict> {
    sizes.push_back(part.bytes.size());
    return Verdict::pass;
  }));
  TestRelay relay{session, factories};
  ASSERT_TRUE(relay.feed("request-body", c2s, "x"));
  while (relay.to_deliver() != 0) ASSERT_TRUE(relay.deliver());
  EXPECT_THAT(sizes, ElementsAre(1U, 9'999U));
}

}  // namespace
}  // namespace louver::filter
