#include "filter/validate/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace louver::filter::validate {
namespace {

using testing::HasSubstr;

std::shared_ptr<const Schema> compiled(const char* text) {
  auto made = Schema::compile(Json::parse(text));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? *made : nullptr;
}
std::string refusal(const Json& schema) {
  const auto made = Schema::compile(schema);
  return made ? "" : made.error().detail;
}
std::string fault_in(const char* schema, const char* value) {
  const auto wrong = compiled(schema)->check(Json::parse(value));
  return wrong ? wrong->path + " " + wrong->keyword : "";
}

TEST(Schema, names_the_place_and_the_word) {
  const char* order = R"({"type": "object", "required": ["items"], "additionalProperties": false, "properties": {
      "items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
      "$defs": {"item": {"type": "object", "properties": {"price": {"type": "number", "maximum": 100}}}}})";
  EXPECT_EQ(fault_in(order, R"({"items": [{"price": 5}, {"price": 100}]})"), "");
  EXPECT_EQ(fault_in(order, R"({"items": [{"price": 5}, {"price": 101}]})"), "/items/1/price maximum");
  EXPECT_EQ(fault_in(order, R"({"items": [{"price": "5"}]})"), "/items/0/price type");
  EXPECT_EQ(fault_in(order, R"({})"), " required");
  EXPECT_EQ(fault_in(order, R"({"items": [], "admin": true})"), "/admin additionalProperties");
}

TEST(Schema, names_of_the_sender_are_printable_and_bounded) {
  const auto schema = compiled(R"({"additionalProperties": false})");
  Json value;
  value[std::string(5000, 'n') + "\n"] = 1;
  const auto wrong = schema->check(value);
  ASSERT_TRUE(wrong);
  EXPECT_LE(wrong->path.size(), 128U);
  value = Json::object();
  value["a\r\nb\x1b"] = 1;
  EXPECT_EQ(schema->check(value)->path, "/a??b?");
}

TEST(Schema, with_a_word_that_is_not_checked_is_refused) {  // FI-09
  EXPECT_THAT(refusal(Json::parse(R"({"typ": "object"})")), HasSubstr("not known here"));
  EXPECT_THAT(refusal(Json::parse(R"({"properties": {"a": {"format": "email"}}})")),
              HasSubstr("#/properties/a/format"));
  EXPECT_THAT(refusal(Json::parse(R"({"items": [{}]})")), HasSubstr("a list of schemas"));
  EXPECT_THAT(refusal(Json::parse(R"({"$ref": "#/$defs/a", "type": "object", "$defs": {"a": true}})")),
              HasSubstr("allOf"));
  EXPECT_THAT(refusal(Json::parse(R"({"type": "text"})")), HasSubstr("no such type"));
  EXPECT_THAT(refusal(Json::parse(R"({"minLength": -1})")), HasSubstr("whole number"));
  EXPECT_THAT(refusal(Json::parse(R"([])")), HasSubstr("a schema is"));
}

TEST(Schema, fetches_nothing) {  // FI-09
  for (const char* one :
       {"http://example.com/a", "https://example.com/a#/b", "file:///etc/passwd", "other.json", "", "x#/a"})
    EXPECT_THAT(refusal(Json{{"$ref", one}}), HasSubstr("within the document")) << one;
  EXPECT_THAT(refusal(Json::parse(R"({"$ref": "#/$defs/no"})")), HasSubstr("not there"));
  EXPECT_THAT(refusal(Json::parse(R"({"properties": {"a": {"$id": "http://example.com/"}}})")), HasSubstr("$id"));
}

TEST(Schema, that_would_not_come_to_an_end_is_refused_or_gives_up) {
  EXPECT_THAT(refusal(Json::parse(R"({"$ref": "#"})")), HasSubstr("back to itself"));
  EXPECT_THAT(refusal(Json::parse(R"({"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}})")),
              HasSubstr("back to itself"));
  EXPECT_EQ(refusal(Json::parse(R"({"items": {"$ref": "#"}})")), "");
  const auto doubling = compiled(R"({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [
      {"type": "array", "items": {"$ref": "#/$defs/a"}}, {"items": {"$ref": "#/$defs/a"}, "type": "array"}]}}})");
  Json deep = "at the bottom";
  for (int i = 0; i < 60; ++i) deep = Json::array({deep});
  const auto wrong = doubling->check(deep);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->keyword, "too much work");
}

TEST(Schema, patterns_take_linear_time) {
  EXPECT_THAT(refusal(Json::parse(R"({"pattern": "(?=a)b"})")), HasSubstr("linear time"));
  EXPECT_THAT(refusal(Json::parse(R"({"pattern": "(a)\\1"})")), HasSubstr("linear time"));
  EXPECT_THAT(refusal(Json::parse(R"({"patternProperties": {"(": true}})")), HasSubstr("linear time"));
  const auto greedy = compiled(R"({"pattern": "^(a+)+$"})");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(greedy->check(Json(std::string(200'000, 'a') + "b")));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST(Schema, big_numbers_are_compared_as_they_are) {
  EXPECT_EQ(fault_in(R"({"maximum": 9007199254740992})", "9007199254740993"), " maximum");
  EXPECT_EQ(fault_in(R"({"maximum": 18446744073709551615})", "18446744073709551615"), "");
  EXPECT_EQ(fault_in(R"({"const": 9007199254740992})", "9007199254740993"), " enum");
  EXPECT_EQ(fault_in(R"({"multipleOf": 2})", "9007199254740993"), " multipleOf");
}

TEST(Schema, a_hundred_thousand_items_are_told_apart_in_time) {
  Json many = Json::array();
  for (int i = 0; i < 90'000; ++i) many.push_back(std::to_string(i));
  const auto unique = compiled(R"({"uniqueItems": true})");
  EXPECT_FALSE(unique->check(many));
  many.push_back("17");
  EXPECT_TRUE(unique->check(many));
}

/// The tests of json-schema.org as Debian packages them: what we understand, we understand as they do.
TEST(Schema, agrees_with_the_common_test_suite) {
  const std::filesystem::path folder = "/usr/share/json-schema-test-suite/tests/draft7";
  ASSERT_TRUE(std::filesystem::is_directory(folder)) << "install the package json-schema-test-suite";
  std::size_t agreed = 0, refused = 0;
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in{file.path()};
    for (const Json& group : Json::parse(in)) {
      const auto schema = Schema::compile(group["schema"]);
      if (!schema) {
        ++refused;
        continue;
      }
      for (const Json& one : group["tests"]) {
        EXPECT_EQ(!(*schema)->check(one["data"]), one["valid"].get<bool>())
            << file.path().filename() << ": " << group["description"] << ": " << one["description"];
        ++agreed;
      }
    }
  }
  EXPECT_GE(agreed, 250U);
  RecordProperty("agreed", static_cast<int>(agreed));
  RecordProperty("schemas_refused", static_cast<int>(refused));
}

}  // namespace
}  // namespace louver::filter::validate
