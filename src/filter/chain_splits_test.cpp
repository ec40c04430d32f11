#include <gtest/gtest.h>

#include "filter/test_support.h"

/// Any split of a message gives the same output, whoever in the chain needs time to answer.
namespace louver::filter {
namespace {

using namespace test;

/// A change of a whole message, and the filter that makes it piece by piece. Fresh state for each filter made.
struct Change {
  std::function<std::string(std::string)> whole;
  std::function<Act()> filter;
};

Change octet_by_octet(std::function<std::string(char)> change) {
  return {.whole =
              [change](const std::string& message) {
                std::string out;
                for (const char c : message) out += change(c);
                return out;
              },
          .filter =
              [change] {
                return [change](const FilterPart& part, Emitter& out) -> Result<Verdict> {
                  std::string text;
                  for (const char c : as_text(part.bytes)) text += change(c);
                  LOUVER_TRY(out.emit(as_bytes(text), part.end));
                  return Verdict::replaced;
                };
              }};
}

/// Replaces "ab" by "-", across parts: keeps an 'a' at the end back.
Change pairs() {
  const auto replace = [](std::string text) {
    for (std::size_t at = text.find("ab"); at != std::string::npos; at = text.find("ab", at + 1))
      text.replace(at, 2, "-");
    return text;
  };
  return {.whole = replace, .filter = [replace] {
            return [replace, kept = std::string{}](const FilterPart& part, Emitter& out) mutable -> Result<Verdict> {
              std::string text = kept + std::string{as_text(part.bytes)};
              kept = !part.end && text.ends_with('a') ? "a" : "";
              text.resize(text.size() - kept.size());
              LOUVER_TRY(out.emit(as_bytes(replace(text)), part.end));
              return kept.empty() ? Verdict::replaced : Verdict::hold;
            };
          }};
}

/// Needs the whole message.
Change backwards() {
  return {.whole =
              [](std::string message) {
                return std::string{message.rbegin(), message.rend()};
              },
          .filter =
              [] {
                return [kept = std::string{}](const FilterPart& part, Emitter& out) mutable -> Result<Verdict> {
                  kept += as_text(part.bytes);
                  if (!part.end) return Verdict::hold;
                  const std::string text{kept.rbegin(), kept.rend()};
                  kept.clear();
                  for (const char& c : text) LOUVER_TRY(out.emit(as_bytes({&c, 1}), false));
                  LOUVER_TRY(out.emit({}, true));
                  return Verdict::replaced;
                };
              }};
}

/// Stops after ten octets; passes parts that it does not cut.
Change first_ten() {
  return {.whole = [](std::string message) { return message.substr(0, 10); },
          .filter =
              [] {
                return [seen = std::size_t{0}](const FilterPart& part, Emitter& out) mutable -> Result<Verdict> {
                  const bool ended = seen > 10;
                  const std::size_t room = ended ? 0 : 10 - seen;
                  seen = part.end ? 0 : seen + part.bytes.size();
                  if (!ended && part.bytes.size() <= room) return Verdict::pass;
                  if (!ended) LOUVER_TRY(out.emit(part.bytes.first(room), true));
                  return Verdict::replaced;
                };
              }};
}

Change nothing() {
  return {.whole = [](std::string message) { return message; },
          .filter = [] { return [](const FilterPart&, Emitter&) -> Result<Verdict> { return Verdict::pass; }; }};
}

std::vector<Change> changes() {
  return {nothing(),
          pairs(),
          backwards(),
          first_ten(),
          octet_by_octet([](char c) { return std::string(2, c); }),
          octet_by_octet([](char c) { return c == 'a' ? std::string{} : std::string(1, c); }),
          octet_by_octet([](char c) { return std::string(1, c == 'c' ? 'a' : c); })};
}

/// Chains of one to four of them over random messages in both directions, in random pieces.
class ChainSplits : public ::testing::Test {
 protected:
  using MakeFactory = std::function<std::shared_ptr<const FilterFactory>(std::vector<Need>, Act)>;
  /// @param between  called after each piece, and with true when all have been fed
  void hold_for(int rounds, const MakeFactory& make, const std::function<Result<>(TestRelay&, bool all)>& between) {
    const std::vector<Change> stock = changes();
    for (int round = 0; round < rounds; ++round) {
      Factories factories;
      std::vector<const Change*> chosen;
      for (std::size_t i = pick(3) + 1; i > 0; --i) {
        chosen.push_back(&stock[pick(stock.size() - 1)]);
        const std::vector<Need> bodies = {{"request-body", c2s, Grant::write}, {"response-body", s2c, Grant::write}};
        // one filter has one state for each direction, as a message of each may be open
        factories.push_back(make(bodies, [c2s_act = chosen.back()->filter(), s2c_act = chosen.back()->filter()](
                                             const FilterPart& part, Emitter& out) mutable {
          return part.direction == c2s ? c2s_act(part, out) : s2c_act(part, out);
        }));
      }
      const TestSession session = all_writable();
      TestRelay relay{session, factories};
      std::vector<std::string> messages;
      for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
        std::string& message = messages.emplace_back(pick(40), ' ');
        for (char& c : message) c = static_cast<char>('a' + pick(3));
        feed_both_ways(relay, message, exchange, between);
      }
      const auto fine = between(relay, true);
      ASSERT_TRUE(fine) << round << explain(fine);
      for (std::uint32_t exchange = 1; exchange <= 3; ++exchange) {
        std::string request = messages[exchange - 1], response = request;
        for (const Change* change : chosen) request = change->whole(request);
        for (auto change = chosen.rbegin(); change != chosen.rend(); ++change) response = (*change)->whole(response);
        ASSERT_EQ(relay.text("request-body", c2s, exchange), request) << round << " " << messages[exchange - 1];
        ASSERT_EQ(relay.text("response-body", s2c, exchange), response) << round << " " << messages[exchange - 1];
        ASSERT_EQ(relay.ends("request-body", c2s, exchange), 1U);
        ASSERT_EQ(relay.ends("response-body", s2c, exchange), 1U);
      }
    }
  }
  std::size_t pick(std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(random); }

  std::mt19937 random{20250101};

 private:
  void feed_both_ways(TestRelay& relay, const std::string& message, std::uint32_t exchange,
                      const std::function<Result<>(TestRelay&, bool all)>& between) {
    std::vector<OwnedPart> there = cut(relay, "request-body", c2s, message, exchange);
    std::vector<OwnedPart> back = cut(relay, "response-body", s2c, message, exchange);
    for (std::size_t i = 0; i < std::max(there.size(), back.size()); ++i) {
      for (const auto* way : {&there, &back}) {
        if (i >= way->size()) continue;
        const auto fed = relay.feed((*way)[i]);
        ASSERT_TRUE(fed) << explain(fed);
        const auto fine = between(relay, false);
        ASSERT_TRUE(fine) << explain(fine);
      }
    }
  }
  std::vector<OwnedPart> cut(const TestRelay& relay, std::string_view context, Direction direction,
                             const std::string& message, std::uint32_t exchange) {
    std::vector<OwnedPart> out;
    std::size_t begin = 0;
    std::vector<std::size_t> cuts = random_cuts(random, message.size(), 8);
    cuts.push_back(message.size());
    for (const std::size_t at : cuts) {
      out.push_back({relay.id(context), direction, Exchange{exchange}, message.substr(begin, at - begin)});
      begin = at;
    }
    out.back().end = true;
    return out;
  }
};

TEST_F(ChainSplits, of_a_message_make_no_difference_in_chains_of_one_to_four) {
  hold_for(
      2000, [](std::vector<Need> needs, Act one) { return act(std::move(needs), std::move(one)); },
      [](TestRelay&, bool) { return Result<>{}; });
}

TEST_F(ChainSplits, make_no_difference_where_filters_answer_later_in_whatever_order) {
  std::size_t answers = 0;
  const auto deliver_some = [&](TestRelay& relay, bool all) -> Result<> {
    while (relay.to_deliver() != 0 && (all || pick(1) == 0)) {
      LOUVER_TRY(relay.deliver(pick(relay.to_deliver() - 1)));
      ++answers;
      if (pick(3) == 0) LOUVER_TRY(relay.ask_again(pick(1) == 0 ? c2s : s2c));  // for another's sake
    }
    return {};
  };
  hold_for(
      2000,
      [&](std::vector<Need> needs, Act one) -> std::shared_ptr<const FilterFactory> {
        return std::make_shared<TardyFactory>(std::move(needs), std::move(one), random);
      },
      deliver_some);
  EXPECT_GT(answers, 10000U);
}

}  // namespace
}  // namespace louver::filter
