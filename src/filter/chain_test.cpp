#include "filter/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

namespace louver::filter {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Need> body(Grant least) { return {{"request-body", c2s, least}}; }

/// Notes what it is shown.
std::shared_ptr<const FilterFactory> watcher(std::vector<Need> needs, std::vector<std::string>& seen) {
  return act(std::move(needs), [&seen](const FilterPart& part, Emitter&) -> Result<Verdict> {
    seen.push_back(
        std::string{part.context_name} + " " + name_of(part.direction) + " " + std::to_string(raw(part.exchange)) +
        " " + (part.redacted ? "redacted " + std::to_string(part.redacted_bytes) : std::string{as_text(part.bytes)}) +
        (part.end ? "." : ""));
    return Verdict::pass;
  });
}

/// A writer that puts something at the end of every message.
std::shared_ptr<const FilterFactory> tagger(std::string tag, std::vector<Need> needs) {
  return act(std::move(needs), [tag](const FilterPart& part, Emitter& out) -> Result<Verdict> {
    LOUVER_TRY(out.emit(part.bytes, false));
    if (part.end) LOUVER_TRY(out.emit(as_bytes(tag), true));
    return Verdict::replaced;
  });
}

TEST(Chain, requests_meet_filters_in_the_order_of_the_configuration_and_responses_in_reverse) {
  const TestSession session = all_writable();
  const std::vector<Need> bodies = {{"request-body", c2s, Grant::write}, {"response-body", s2c, Grant::write}};
  TestRelay relay{session, {tagger("1", bodies), tagger("2", bodies), tagger("3", bodies)}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "q"));
  EXPECT_TRUE(relay.feed("response-body", s2c, "a"));
  EXPECT_EQ(relay.text("request-body", c2s), "q123");
  EXPECT_EQ(relay.text("response-body", s2c), "a321");
}

TEST(Chain, a_filter_sees_the_contexts_of_its_needs_only) {
  const TestSession session = all_writable();
  std::vector<std::string> seen;
  TestRelay relay{session,
                  {watcher({{"request-body", c2s, Grant::read}, {"response-head", s2c, Grant::inspect}}, seen)}};
  for (const char* context : {"request-head", "request-credentials", "request-body"})
    EXPECT_TRUE(relay.feed(context, c2s, context));
  for (const char* context : {"response-head", "response-credentials", "response-body"})
    EXPECT_TRUE(relay.feed(context, s2c, context));
  EXPECT_THAT(seen, ElementsAre("request-body c2s 1 request-body.", "response-head s2c 1 response-head."));
  EXPECT_EQ(relay.text("request-credentials", c2s), "request-credentials");
}

TEST(Chain, without_filters_everything_passes) {
  const TestSession session = all_writable();
  TestRelay relay{session, {}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "all of it"));
  EXPECT_EQ(relay.text("request-body", c2s), "all of it");
  EXPECT_EQ(relay.chain().filters(), 0U);
}

TEST(Chain, a_writer_that_only_passes_costs_no_copy) {
  const TestSession session = all_writable();
  std::vector<std::string> seen;
  TestRelay relay{session, {watcher(body(Grant::write), seen), watcher(body(Grant::read), seen)}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "as it is"));
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
  EXPECT_THAT(seen, ElementsAre("request-body c2s 1 as it is.", "request-body c2s 1 as it is."));
}

TEST(Chain, a_filter_takes_in_what_the_one_before_put_out) {
  const TestSession session = all_writable();
  std::vector<std::string> seen;
  TestRelay relay{
      session, {watcher(body(Grant::read), seen), tagger("!", body(Grant::write)), watcher(body(Grant::read), seen)}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "hi"));
  EXPECT_THAT(seen, ElementsAre("request-body c2s 1 hi.", "request-body c2s 1 hi", "request-body c2s 1 !."));
}

TEST(Chain, tells_a_filter_its_right_and_no_more) {
  const TestSession session = all_writable();
  std::vector<Grant> rights;
  const auto note = [&](Grant least) {
    return act(body(least), [&rights](const FilterPart& part, Emitter&) -> Result<Verdict> {
      rights.push_back(part.right);
      return Verdict::pass;
    });
  };
  TestRelay relay{session, {note(Grant::read), note(Grant::inspect), note(Grant::redact), note(Grant::write)}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "x"));
  EXPECT_THAT(rights, ElementsAre(Grant::read, Grant::inspect, Grant::redact, Grant::write));
}

TEST(Chain, tells_every_filter_once_that_the_session_is_over) {
  const TestSession session = all_writable();
  int ended = 0;
  const Act pass = [](const FilterPart&, Emitter&) -> Result<Verdict> { return Verdict::pass; };
  TestRelay relay{session,
                  {act(body(Grant::read), pass, [&] { ++ended; }), act(body(Grant::write), pass, [&] { ++ended; })}};
  relay.chain().on_session_end();
  EXPECT_EQ(ended, 2);
}

// --- grants
// -----------------------------------------------------------------------------------------------------------

TEST(Chain, leaves_out_a_filter_that_lacks_a_grant_and_says_which) {
  const TestSession session{{"request-head", Grant::read}, {"response-head", Grant::none, Grant::write}};
  std::vector<std::string> seen;
  const std::vector<Need> heads = {{"request-head", c2s, Grant::write}, {"response-head", s2c, Grant::write}};
  TestRelay relay{session, {tagger("!", heads), watcher({{"request-head", c2s, Grant::read}}, seen)}};
  ASSERT_EQ(relay.chain().missing().size(), 1U);
  EXPECT_EQ(describe(relay.chain().missing()[0]), "filter test needs write on request-head (c2s), has read");
  EXPECT_EQ(relay.chain().filters(), 1U);
  EXPECT_TRUE(relay.feed("response-head", s2c, "untouched"));
  EXPECT_EQ(relay.text("response-head", s2c), "untouched");
  EXPECT_TRUE(relay.feed("request-head", c2s, "seen"));
  EXPECT_EQ(seen.size(), 1U);
}

TEST(Chain, inspect_does_not_stand_in_for_redact_nor_read_for_inspect) {
  for (const auto& [has, least] : {std::pair{Grant::read, Grant::inspect},
                                   {Grant::inspect, Grant::redact},
                                   {Grant::redact, Grant::write},
                                   {Grant::none, Grant::read}}) {
    const TestSession session{{"request-body", has}};
    std::vector<std::string> seen;
    TestRelay relay{session, {watcher(body(least), seen)}};
    EXPECT_EQ(relay.chain().missing().size(), 1U) << name_of(has);
  }
}

TEST(Chain, says_that_a_session_does_not_have_a_context) {
  const TestSession session{{{"stream", Grant::write, Grant::write}}, profiles[1]};
  std::vector<std::string> seen;
  TestRelay relay{session, {watcher(body(Grant::read), seen)}};
  ASSERT_EQ(relay.chain().missing().size(), 1U);
  EXPECT_EQ(describe(relay.chain().missing()[0]),
            "filter test needs read on request-body (c2s), which this session does not have");
}

TEST(Chain, names_grants_that_no_filter_has_a_use_for) {
  const TestSession session{
      {"request-head", Grant::write}, {"request-body", Grant::write}, {"response-body", Grant::none, Grant::inspect}};
  std::vector<std::string> seen, excess;
  TestRelay relay{session, {watcher({{"request-head", c2s, Grant::write}, {"request-body", c2s, Grant::read}}, seen)}};
  for (const ExcessGrant& one : relay.chain().excess()) excess.push_back(describe(one));
  EXPECT_THAT(excess, ElementsAre("write on request-body (c2s) is granted, read would do",
                                  "inspect on response-body (s2c) is granted, none would do"));
}

TEST(Chain, refuses_a_grant_other_than_the_session_started_with) {
  const TestSession session{{"request-body", Grant::read}};
  std::vector<std::string> seen;
  TestRelay relay{session, {watcher(body(Grant::read), seen)}};
  const session::Part part{session.id("request-body"), c2s, Exchange{1}, {}, true};
  EXPECT_EQ(relay.chain().on_part(part, Grant::inspect, nullptr).error().fault, Fault::internal_error);
}

// --- what goes beyond the grant: FI-06
// --------------------------------------------------------------------------------

Result<> run(Grant granted, Grant need, Act misbehave, bool end = true) {
  const TestSession session{{"request-body", granted}};
  TestRelay relay{session, {act(body(need), std::move(misbehave))}};
  return relay.feed({session.id("request-body"), c2s, Exchange{1}, "content", end});
}

Act answer(Verdict verdict) {
  return [verdict](const FilterPart&, Emitter&) -> Result<Verdict> { return verdict; };
}

Act emit(std::string text, bool end, Verdict verdict) {
  return [=](const FilterPart&, Emitter& out) -> Result<Verdict> {
    LOUVER_TRY(out.emit(as_bytes(text), end));
    return verdict;
  };
}

TEST(ChainBeyondTheGrant, a_reader_that_replaces_holds_or_emits_ends_the_session) {
  for (const Grant need : {Grant::read, Grant::inspect, Grant::redact}) {
    for (const Grant granted : {need, Grant::write}) {
      for (const Verdict verdict : {Verdict::replaced, Verdict::hold}) {
        EXPECT_EQ(run(granted, need, answer(verdict), false).error().fault, Fault::filter_failed);
      }
      EXPECT_EQ(run(granted, need, emit("x", false, Verdict::pass)).error().fault, Fault::filter_failed);
    }
  }
}

TEST(ChainBeyondTheGrant, an_emission_refused_counts_even_if_the_filter_overlooks_it) {
  const auto result = run(Grant::write, Grant::read, [](const FilterPart&, Emitter& out) -> Result<Verdict> {
    static_cast<void>(out.emit(as_bytes("forged"), false));
    return Verdict::pass;
  });
  EXPECT_EQ(result.error().fault, Fault::filter_failed);
}

TEST(ChainBeyondTheGrant, only_who_needs_redact_redacts) {
  for (const Grant need : {Grant::read, Grant::inspect, Grant::write}) {
    EXPECT_EQ(run(Grant::write, need, answer(Verdict::redact)).error().fault, Fault::filter_failed) << name_of(need);
  }
  EXPECT_TRUE(run(Grant::redact, Grant::redact, answer(Verdict::redact), false));
}

TEST(ChainBeyondTheGrant, a_writer_keeps_the_shape_of_messages) {
  const auto fault = [](Act misbehave, bool end) {
    const auto result = run(Grant::write, Grant::write, std::move(misbehave), end);
    return result ? std::optional<Fault>{} : result.error().fault;
  };
  EXPECT_EQ(fault(answer(Verdict::hold), true), Fault::filter_failed);                // holds what has ended
  EXPECT_EQ(fault(answer(Verdict::replaced), true), Fault::filter_failed);            // swallows the end
  EXPECT_EQ(fault(emit("x", false, Verdict::replaced), true), Fault::filter_failed);  // likewise
  EXPECT_EQ(fault(emit("x", true, Verdict::pass), true), Fault::filter_failed);       // ends, and passes on
  EXPECT_EQ(fault(answer(static_cast<Verdict>(9)), true), Fault::filter_failed);
  EXPECT_EQ(fault(emit("x", true, Verdict::replaced), true), std::nullopt);
  EXPECT_EQ(fault(emit("x", true, Verdict::replaced), false),
            std::nullopt);  // may end early: the rest of the message falls away
  const Act two = [](const FilterPart&, Emitter& out) -> Result<Verdict> {
    LOUVER_TRY(out.emit({}, true));
    LOUVER_TRY(out.emit({}, true));
    return Verdict::replaced;
  };
  EXPECT_EQ(fault(two, true), Fault::filter_failed);  // adds a message
}

TEST(ChainBeyondTheGrant, a_message_that_ended_early_stays_ended) {
  const TestSession session = all_writable();
  int shown = 0;
  const auto cut_off = act(body(Grant::write), [&](const FilterPart&, Emitter& out) -> Result<Verdict> {
    if (shown++ == 0) LOUVER_TRY(out.emit(as_bytes("short"), true));
    return shown == 3 ? Verdict::pass : Verdict::replaced;
  });
  TestRelay relay{session, {cut_off}};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "a"}));
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "b"}));
  EXPECT_EQ(relay.feed({id, c2s, Exchange{1}, "c"}).error().fault, Fault::filter_failed);
  EXPECT_EQ(relay.text("request-body", c2s), "short");
}

TEST(ChainBeyondTheGrant, the_fault_names_the_filter) {
  const auto refused = run(Grant::read, Grant::read, [](const FilterPart&, Emitter&) -> Result<Verdict> {
    return Error{Fault::blocked_by_policy, "a virus"};
  });
  EXPECT_EQ(describe(refused.error()), "blocked_by_policy: filter test: a virus");
  EXPECT_THAT(run(Grant::read, Grant::read, answer(Verdict::hold), false).error().detail,
              HasSubstr("filter test: it holds"));
}

TEST(ChainBeyondTheGrant, what_comes_behind_a_failing_filter_is_not_shown) {
  const TestSession session = all_writable();
  std::vector<std::string> seen;
  TestRelay relay{session, {act(body(Grant::read), answer(Verdict::replaced)), watcher(body(Grant::read), seen)}};
  EXPECT_FALSE(relay.feed("request-body", c2s, "bad"));
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(relay.text("request-body", c2s), "");
}

// --- holding
// ----------------------------------------------------------------------------------------------------------

/// Keeps the last octet back until the message ends.
Act last_octet_back() {
  return [kept = std::string{}](const FilterPart& part, Emitter& out) mutable -> Result<Verdict> {
    kept += as_text(part.bytes);
    const std::size_t going = part.end ? kept.size() : kept.size() - std::min<std::size_t>(kept.size(), 1);
    LOUVER_TRY(out.emit(as_bytes(std::string_view{kept}.substr(0, going)), part.end));
    kept.erase(0, going);
    return part.end ? Verdict::replaced : Verdict::hold;
  };
}

TEST(ChainHold, is_told_to_the_engine_while_any_filter_keeps_something_back) {
  const TestSession session = all_writable();
  std::vector<std::string> seen;
  TestRelay relay{session,
                  {watcher(body(Grant::write), seen), act(body(Grant::write), last_octet_back()),
                   watcher(body(Grant::write), seen)}};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "abc"}));
  EXPECT_EQ(relay.last_verdict, Verdict::hold);
  EXPECT_EQ(relay.text("request-body", c2s), "ab");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "", true}));
  EXPECT_EQ(relay.last_verdict, Verdict::replaced);
  EXPECT_EQ(relay.text("request-body", c2s), "abc");
}

TEST(ChainHold, of_a_filter_behind_one_that_swallows_stays_told) {
  const TestSession session = all_writable();
  const auto swallow_b = act(body(Grant::write), [](const FilterPart& part, Emitter&) -> Result<Verdict> {
    return as_text(part.bytes) == "b" ? Verdict::replaced : Verdict::pass;
  });
  TestRelay relay{session, {swallow_b, act(body(Grant::write), last_octet_back())}};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "a"}));
  EXPECT_EQ(relay.last_verdict, Verdict::hold);
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "b"}));
  EXPECT_EQ(relay.last_verdict, Verdict::hold);
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "c", true}));
  EXPECT_EQ(relay.text("request-body", c2s), "ac");
}

TEST(ChainHold, ends_the_session_above_the_limit_and_not_at_it) {
  constexpr std::size_t most = 100;
  const TestSession session = all_writable();
  TestRelay relay{session, {act(body(Grant::write), answer(Verdict::hold))}, most};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, std::string(most - 1, 'a')}));
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "a"}));
  EXPECT_EQ(relay.feed({id, c2s, Exchange{1}, "a"}).error().fault, Fault::limit_exceeded);
}

TEST(ChainHold, does_not_count_what_has_gone_on) {
  const TestSession session = all_writable();
  TestRelay relay{session, {act(body(Grant::write), last_octet_back())}, 100};
  const ContextId id = session.id("request-body");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(relay.feed({id, c2s, Exchange{1}, std::string(60, 'a')}));
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "", true}));
  EXPECT_EQ(relay.text("request-body", c2s).size(), 3000U);
}

// --- tombstones
// -------------------------------------------------------------------------------------------------------

/// Redacts parts that hold an 's'.
std::shared_ptr<const FilterFactory> redactor() {
  return act(body(Grant::redact), [](const FilterPart& part, Emitter&) -> Result<Verdict> {
    return as_text(part.bytes).find('s') != std::string_view::npos || part.bytes.empty() ? Verdict::redact
                                                                                         : Verdict::pass;
  });
}

TEST(ChainTombstone, goes_to_the_filters_behind_the_redactor_and_to_the_engine) {
  const TestSession session{{"request-body", Grant::redact}};
  std::vector<std::string> before, behind;
  TestRelay relay{session, {watcher(body(Grant::read), before), redactor(), watcher(body(Grant::read), behind)}};
  const ContextId id = session.id("request-body");
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "a secret"}));
  EXPECT_EQ(relay.last_verdict, Verdict::redact);
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "open"}));
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
  EXPECT_TRUE(relay.feed({id, c2s, Exchange{1}, "", true}));  // nothing there to redact
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
  EXPECT_EQ(relay.text("request-body", c2s), "open");
  EXPECT_EQ(relay.redacted_octets, 8U);
  EXPECT_THAT(before, ElementsAre("request-body c2s 1 a secret", "request-body c2s 1 open", "request-body c2s 1 ."));
  EXPECT_THAT(behind, ElementsAre("request-body c2s 1 redacted 8", "request-body c2s 1 open", "request-body c2s 1 ."));
}

TEST(ChainTombstone, becomes_filler_where_the_grant_is_write) {
  const TestSession session{{"request-body", Grant::write}};
  std::vector<std::string> behind;
  TestRelay relay{session, {redactor(), watcher(body(Grant::write), behind)}};
  EXPECT_TRUE(relay.feed("request-body", c2s, "openseal", std::array<std::size_t, 1>{4}));
  EXPECT_EQ(relay.text("request-body", c2s), "openxxxx");
  EXPECT_EQ(relay.ends("request-body", c2s), 1U);
  EXPECT_THAT(behind, ElementsAre("request-body c2s 1 open", "request-body c2s 1 redacted 4."));
}

TEST(ChainTombstone, of_another_party_is_shown_and_passes) {
  for (const Grant grant : {Grant::read, Grant::redact, Grant::write}) {
    const TestSession session{{"request-body", grant}};
    std::vector<std::string> seen;
    TestRelay relay{session, {watcher(body(Grant::read), seen)}};
    EXPECT_TRUE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "", false, true, 5}));
    EXPECT_THAT(seen, ElementsAre("request-body c2s 1 redacted 5"));
    EXPECT_EQ(relay.last_verdict, Verdict::pass);
  }
}

}  // namespace
}  // namespace louver::filter
