#include "filter/scan/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace louver::filter::scan {
namespace {

using testing::HasSubstr;

TEST(ScanRuleFile, has_a_name_and_a_pattern_in_each_line) {
  const auto rules = parse_rules("# comment\n\ncard\t 4[0-9]{15}  \r\n  \nword-1 a # b\\ \nlast x", "r.txt");
  ASSERT_TRUE(rules) << describe(rules.error());
  EXPECT_EQ(*rules,
            (std::vector<Rule>{
                {"card", "4[0-9]{15}", "r.txt:3"}, {"word-1", "a # b\\", "r.txt:5"}, {"last", "x", "r.txt:6"}}));
  EXPECT_TRUE(parse_rules("", "r.txt")->empty());
}

TEST(ScanRuleFile, names_file_and_line_of_what_is_wrong) {
  const auto refused = [](std::string_view text, std::string_view why) {
    const auto rules = parse_rules(text, "r.txt");
    ASSERT_FALSE(rules) << text;
    EXPECT_EQ(rules.error().fault, Fault::configuration);
    EXPECT_THAT(rules.error().detail, HasSubstr(why));
  };
  refused("a x\nb\n", "r.txt:2: a name without a pattern");
  refused(" a x", "r.txt:1: it begins with no name");
  refused("a/b x", "r.txt:1: it begins with no name");
  refused(std::string(65, 'a') + " x", "r.txt:1: it begins with no name");
  refused("a x\n\na y", "r.txt:3: rule \"a\" stands in r.txt:1 too");
  refused("a x\x01y", "r.txt:1: a control character");
  refused(std::string{"a x\0y", 5}, "r.txt:1: a control character");
  refused("a " + std::string(pattern_octets_most + 1, 'x'), "more than 4096 octets");
  std::string many;
  for (std::size_t i = 0; i <= rules_most; ++i) many += "r" + std::to_string(i) + " x\n";
  refused(many, "r.txt:10001: more than 10000 rules");
}

TEST(ScanRuleFile, the_place_of_a_rule_is_told_when_its_pattern_does_not_do) {
  const auto rules = parse_rules("a x\nb (x\n", "r.txt");
  ASSERT_TRUE(rules);
  const auto compiled = Patterns::compile(*rules);
  ASSERT_FALSE(compiled);
  EXPECT_THAT(compiled.error().detail, HasSubstr("r.txt:2: rule \"b\""));
}

TEST(ScanPatterns, a_thousand_rules_are_searched_at_once_within_their_bounds) {
  std::vector<Rule> rules;
  for (int i = 0; i < 1000; ++i)
    rules.push_back({"r" + std::to_string(i), "secret" + std::to_string(i) + "[a-z]{4}[0-9]{2,6}"});
  const auto compiled = Patterns::compile(rules);
  ASSERT_TRUE(compiled) << describe(compiled.error());
  auto stream = (*compiled)->begin();
  ASSERT_TRUE(stream);
  std::vector<std::string> found;
  const Patterns::OnMatch note = [&](const Match& match) { found.push_back((*compiled)->name(match.rule)); };
  for (const std::string piece : {"a secret", "77abcd", "1", "2 secret999abc12"})
    ASSERT_TRUE((*stream)->search(as_bytes(piece), note));
  EXPECT_EQ(found, std::vector<std::string>{"r77"});
}

TEST(ScanPatterns, rules_that_take_too_much_are_refused) {
  const auto refused = [](const std::vector<Rule>& rules, std::string_view why) {
    const auto compiled = Patterns::compile(rules);
    ASSERT_FALSE(compiled) << why;
    EXPECT_THAT(compiled.error().detail, HasSubstr(why));
  };
  refused(std::vector<Rule>(rules_most + 1, {"a", "x"}), "more than 10000 rules");
  refused({{"long", std::string(pattern_octets_most + 1, 'x')}}, "rule \"long\": more than 4096 octets");
  refused({{"explodes", "(a.{1,30}b.{5,60}c.{7,90}){40}d"}}, "rule \"explodes\"");
}

}  // namespace
}  // namespace louver::filter::scan
