#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/coding/coded_by_hand.h"
#include "filter/scan/scan_filter.h"
#include "filter/test_support.h"

/// on_match = replace: exactly the octets of matches are covered, however a message is cut, and nothing waits longer
/// than it must.
namespace louver::filter::scan {
namespace {

using namespace test;
using testing::HasSubstr;

TestSession writable_body() { return TestSession{{"request-head", Grant::read}, {"request-body", Grant::write}}; }

Result<std::shared_ptr<const FilterFactory>> replaces(std::vector<Rule> rules, std::vector<std::string>* told = nullptr,
                                                      std::vector<std::string> contexts = {"request-body"}) {
  const auto write = [told](const Finding& one) {
    if (told != nullptr) told->emplace_back(one.rule);
  };
  return make_scan({.contexts = std::move(contexts),
                    .rules = std::move(rules),
                    .on_match = ScanOptions::OnMatch::replace,
                    .fill = '#',
                    .write = write});
}

Factories working(Result<std::shared_ptr<const FilterFactory>> made) {
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

struct Case {
  std::string pattern;
  std::string text;
  std::string expected;
};

const std::vector<Case>& forty_patterns() {
  static const std::vector<Case> out = {
      {"secret", "a secret, a secre, secret", "a ######, a secre, ######"},
      {"a", "banana", "b#n#n#"},
      {"aa", "aaaa baa a", "#### b## a"},
      {"abab", "xababab abba", "x###### abba"},
      {"4[0-9]{15}", "card=4111111111111111&x=41111", "card=################&x=41111"},
      {"(?i)password", "PassWord password passwor", "######## ######## passwor"},
      {"[0-9]{3}-[0-9]{2}-[0-9]{4}", "ssn 078-05-1120, 078-05-112", "ssn ###########, 078-05-112"},
      {"[0-9]{13,19}", "1234567890123 123456789012 12345678901234567890",
       "############# 123456789012 ####################"},
      {"sk-[A-Za-z0-9]{8,16}", "key sk-abcdefgh1 sk-abc sk-ABCDEFGHIJKLMNOPQ",
       "key ############ sk-abc ###################Q"},
      {"a|abc", "abc ab a", "### #b #"},
      {"abc|bcd|cde", "abcde abde bcd", "##### abde ###"},
      {"ab|bc|cd", "abcd acbd", "#### acbd"},
      {"x{2,4}", "x xx xxx xxxxx", "x ## ### #####"},
      {"foo.bar", "foo bar foo\nbar foobar", "####### ####### foobar"},
      {"foo[^\\n]{0,5}bar", "foobar foo12345bar foo123456bar", "###### ########### foo123456bar"},
      {"\\bcat\\b", "cat concat cat's cats cat", "### concat ###'s cats ###"},
      {"\\Bcat", "cat concat acat", "cat con### a###"},
      {"cat\\B", "cat cats cats", "cat ###s ###s"},
      {"^start", "start start", "##### start"},
      {"end$", "end end", "end ###"},
      {"(?m)^line", "line line\nline lin", "#### line\n#### lin"},
      {"(?m)eol$", "eol eol\neol", "eol ###\n###"},
      {"\\x00\\x01\\xff", std::string{"a\0\1\xff\0\1b", 7}, std::string{"a###\0\1b", 7}},
      {"[\\x80-\\xff]{2}", "z\xc3\xa4\xc3z", "z###z"},
      {"colou?r", "color colour colur", "##### ###### colur"},
      {"(ab){2,3}c", "ababc abababc abc", "##### ####### abc"},
      {"(?:one|two|three)-(?:1|2|3)", "one-1 two-4 three-3 onetwo-2", "##### two-4 ####### one#####"},
      {"q[^u]", "quick qat q", "quick ##t q"},
      {"<script[^>]{0,20}>", "<script src=x> <script>", "############## ########"},
      {"BEGIN.{0,10}END", "BEGIN123END BEGINEND BEGIN12345678901END", "########### ######## BEGIN12345678901END"},
      {"a.{0,2}b.{0,2}c", "a12b34c aabbcc abc", "####### ###### ###"},
      {"needle", "nneedle needleedle neneedle", "n###### ######edle ne######"},
      {"[ab]{3}", "aba abab cab", "### #### cab"},
      {"\\d{2}:\\d{2}", "12:34:56 1:23", "######## 1:23"},
      {"(?i:tok)En", "TokEn token tOKEn", "##### token #####"},
      {"[^ ]{1,8}@[a-z]{1,8}\\.org", "to bob@example.org, eve@x.or", "to ###############, eve@x.or"},
      {"\\.\\.", "a..b...c.", "a##b###c."},
      {"\\r\\n\\r\\n", "a\r\n\r\nb\r\n", "a####b\r\n"},
      {"data: [a-f]{4}", "data: abcd\n\ndata: abc", "##########\n\ndata: abc"},
      {"zz?zz?z", "zzz zzzzz zz", "### ##### zz"},
  };
  return out;
}

TEST(ScanReplace, covers_forty_patterns_exactly_cut_at_every_place_and_pair_of_places) {  // FI-01
  ASSERT_EQ(forty_patterns().size(), 40U);
  const TestSession session = writable_body();
  for (const Case& one : forty_patterns()) {
    const Factories factories = working(replaces({{"rule", one.pattern}}));
    std::vector<std::vector<std::size_t>> all_cuts;
    for (std::size_t step = 1; step <= one.text.size(); ++step) {
      std::vector<std::size_t> cuts;
      for (std::size_t at = step; at < one.text.size(); at += step) cuts.push_back(at);
      all_cuts.push_back(std::move(cuts));
    }
    for (std::size_t first = 0; first <= one.text.size(); ++first) {
      for (std::size_t second = first; second <= one.text.size(); ++second) all_cuts.push_back({first, second});
    }
    for (const auto& cuts : all_cuts) {
      TestRelay relay{session, factories};
      ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
      const auto fed = relay.feed("request-body", c2s, one.text, cuts);
      ASSERT_TRUE(fed) << one.pattern << ": " << explain(fed);
      ASSERT_EQ(relay.text("request-body", c2s), one.expected) << one.pattern;
      ASSERT_EQ(relay.ends("request-body", c2s), 1U);
    }
  }
}

TEST(ScanReplace, covers_all_forty_at_once_as_each_alone) {  // FI-01
  std::vector<Rule> rules;
  for (const Case& one : forty_patterns()) {
    if (one.pattern.size() > 4) rules.push_back({"r" + std::to_string(rules.size()), one.pattern});
  }
  const TestSession session = writable_body();
  const Factories factories = working(replaces(rules));
  std::string text;
  for (const Case& one : forty_patterns()) text += one.text + "~";
  TestRelay whole{session, factories};
  ASSERT_TRUE(whole.feed("request-head", c2s, plain_request));
  ASSERT_TRUE(whole.feed("request-body", c2s, text));
  const std::string expected = whole.text("request-body", c2s);
  ASSERT_EQ(expected.size(), text.size());
  EXPECT_THAT(expected, HasSubstr("################&x=41111~"));
  std::mt19937 random{20};
  for (int round = 0; round < 200; ++round) {
    TestRelay relay{session, factories};
    ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
    ASSERT_TRUE(relay.feed("request-body", c2s, text, random_cuts(random, text.size(), round % 2 == 0 ? 5 : 400)));
    ASSERT_EQ(relay.text("request-body", c2s), expected);
  }
}

TEST(ScanReplace, keeps_back_what_may_become_a_match_and_nothing_else) {
  const TestSession session = writable_body();
  TestRelay relay{session, working(replaces({{"key", "sk-[a-z]{4,8}"}, {"word", "\\bcat\\b"}}))};
  ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
  const auto feed = [&](std::string bytes) {
    return relay.feed({session.id("request-body"), c2s, Exchange{1}, std::move(bytes)});
  };
  const auto out = [&] { return relay.text("request-body", c2s); };
  ASSERT_TRUE(feed("data: hello\n\n"));  // an event goes out at once
  EXPECT_EQ(out(), "data: hello\n\n");
  EXPECT_EQ(relay.last_verdict, Verdict::pass);
  ASSERT_TRUE(feed("data: s"));
  EXPECT_EQ(out(), "data: hello\n\ndata: ");
  EXPECT_EQ(relay.last_verdict, Verdict::hold);
  ASSERT_TRUE(feed("o what\n\n"));
  EXPECT_EQ(out(), "data: hello\n\ndata: so what\n\n");
  ASSERT_TRUE(feed("sk-abcdef"));  // a match that could go on: a longer one would be covered to its end
  EXPECT_EQ(out(), "data: hello\n\ndata: so what\n\n");
  ASSERT_TRUE(feed("\n"));
  EXPECT_EQ(out(), "data: hello\n\ndata: so what\n\n#########\n");
  ASSERT_TRUE(feed(" cat"));
  EXPECT_EQ(out(), "data: hello\n\ndata: so what\n\n#########\n ");
  ASSERT_TRUE(feed("z"));
  EXPECT_EQ(out(), "data: hello\n\ndata: so what\n\n#########\n catz");
  EXPECT_EQ(relay.last_verdict, Verdict::replaced);
}

TEST(ScanReplace, tells_each_rule_once_in_a_message) {
  const TestSession session = writable_body();
  std::vector<std::string> told;
  TestRelay relay{session, working(replaces({{"a", "aa"}, {"b", "bb"}}, &told))};
  for (std::uint32_t exchange = 1; exchange <= 2; ++exchange) {
    ASSERT_TRUE(relay.feed("request-head", c2s, plain_request, {}, exchange));
    ASSERT_TRUE(relay.feed("request-body", c2s, "aaa bb aa b", std::array<std::size_t, 2>{1, 5}, exchange));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a", "b", "a", "b"}));
}

TEST(ScanReplace, works_on_streams_in_both_directions_and_does_not_mix_them) {
  const TestSession session{{{"stream", Grant::write, Grant::write}}, profiles[1]};
  TestRelay relay{session, working(replaces({{"a", "secret"}}, nullptr, {}))};
  ASSERT_TRUE(relay.feed({session.id("stream"), c2s, Exchange{0}, "sec"}));
  ASSERT_TRUE(relay.feed({session.id("stream"), s2c, Exchange{0}, "ret"}));
  ASSERT_TRUE(relay.feed({session.id("stream"), c2s, Exchange{0}, "ret", true}));
  EXPECT_EQ(relay.text("stream", c2s, 0), "######");
  EXPECT_EQ(relay.text("stream", s2c, 0), "ret");
}

TEST(ScanReplace, stops_a_match_in_a_coded_body_which_it_cannot_change) {  // FI-02
  const TestSession session = writable_body();
  const std::string head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\n\r\n";
  for (const bool matches : {true, false}) {
    TestRelay relay{session, working(replaces({{"a", "secret"}}))};
    ASSERT_TRUE(relay.feed("request-head", c2s, head));
    const std::string coded = coding::by_hand::gzip(matches ? "a secret" : "nothing");
    const auto fed = relay.feed("request-body", c2s, coded);
    ASSERT_EQ(fed.has_value(), !matches);
    if (matches) {
      EXPECT_THAT(fed.error().detail, HasSubstr("nothing can be replaced"));
    } else {
      EXPECT_EQ(relay.text("request-body", c2s), coded);
    }
  }
}

TEST(ScanReplace, takes_a_tombstone_for_the_filling_that_it_becomes) {
  const TestSession session = writable_body();
  TestRelay relay{session, working(replaces({{"a", "sexxet"}}))};
  ASSERT_TRUE(relay.feed("request-head", c2s, plain_request));
  ASSERT_TRUE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "a se"}));
  ASSERT_TRUE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "", false, true, 2}));
  ASSERT_TRUE(relay.feed({session.id("request-body"), c2s, Exchange{1}, "et b", true}));
  EXPECT_EQ(relay.text("request-body", c2s), "a ###### b");
}

TEST(ScanReplace, asks_for_answers_that_it_can_change_where_it_may) {
  const TestSession session{{"request-head", Grant::write},
                            {"response-head", Grant::none, Grant::read},
                            {"response-body", Grant::none, Grant::write}};
  for (const std::string fields :
       {"", "accept-encoding: gzip, br\r\n", "accept-encoding: gzip\r\naccept-encoding: br\r\n",
        "accept-encoding: identity\r\n"}) {
    TestRelay relay{session, working(replaces({{"a", "secret"}}, nullptr, {"response-body"}))};
    ASSERT_TRUE(relay.feed("request-head", c2s, "GET / HTTP/1.1\r\nhost: a\r\n" + fields + "\r\n",
                           std::array<std::size_t, 1>{9}));
    EXPECT_EQ(relay.text("request-head", c2s), "GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: identity\r\n\r\n");
  }
}

TEST(ScanReplace, refuses_what_it_could_not_cover_whole) {
  const auto refused = [](std::vector<Rule> rules, std::string_view why,
                          std::vector<std::string> contexts = {"request-body"}) {
    const auto made = replaces(std::move(rules), nullptr, std::move(contexts));
    ASSERT_FALSE(made) << why;
    EXPECT_EQ(made.error().fault, Fault::configuration);
    EXPECT_THAT(made.error().detail, HasSubstr(why));
  };
  refused({{"plus", "a+"}}, "rule \"plus\": a match can be longer than 1024 octets");
  refused({{"star", "a.*b"}}, "rule \"star\"");
  refused({{"long", std::string(match_octets_most + 1, 'a')}}, "rule \"long\"");
  EXPECT_TRUE(replaces({{"longest", std::string(match_octets_most, 'a')}}));
  refused({{"head", "a"}}, "request-head nothing can be replaced", {"request-head"});
  refused({{"cookie", "a"}}, "response-credentials nothing can be replaced", {"response-credentials"});
}

}  // namespace
}  // namespace louver::filter::scan
