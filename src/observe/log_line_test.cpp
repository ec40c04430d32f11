#include "observe/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "observe/nasty_strings.h"

namespace louver::observe {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

std::string text(std::initializer_list<Field> fields) {
  return line_body(Format::text, Level::info, Event::listen, std::span{fields.begin(), fields.size()});
}
std::string json(std::initializer_list<Field> fields) {
  return line_body(Format::json, Level::warn, Event::alert_received, std::span{fields.begin(), fields.size()});
}

TEST(LogLine, is_level_event_and_fields_in_their_order) {
  EXPECT_EQ(text({}), "info  listen");
  EXPECT_EQ(text({{"b", "x"}, {"a", 1}, {"c", true}}), "info  listen b=x a=1 c=true");
  EXPECT_EQ(json({{"b", "x"}, {"a", 1}, {"c", false}}),
            R"("level":"warn","event":"alert.received","b":"x","a":1,"c":false})");
}

TEST(LogLine, knows_strings_integers_and_booleans) {
  const std::string owned = "owned";
  EXPECT_EQ(text({{"a", owned}, {"b", std::string_view{"view"}}, {"c", "literal"}}),
            "info  listen a=owned b=view c=literal");
  EXPECT_EQ(text({{"a", std::int64_t{INT64_MIN}},
                  {"b", std::uint64_t{UINT64_MAX}},
                  {"c", std::uint8_t{65}},
                  {"d", short{-1}}}),
            "info  listen a=-9223372036854775808 b=18446744073709551615 c=65 d=-1");
}

TEST(LogLine, of_text_quotes_what_could_be_mistaken) {
  EXPECT_EQ(text({{"a", ""}, {"b", "two words"}, {"c", "k=v"}, {"d", "say \"x\""}, {"e", "/plain/path?x&y:z"}}),
            R"(info  listen a="" b="two words" c="k=v" d="say \"x\"" e=/plain/path?x&y:z)");
  EXPECT_EQ(text({{"a", "x\ny\x1b[0m\xe2\x80\xa8\xff"}}), "info  listen a=\"x\\ny\\u001b[0m\\u2028\\ufffd\"");
}

TEST(LogLine, lets_no_field_pass_for_time_level_or_event) {
  const Json object = Json::parse(
      "{" + json({{"event", "session.end"}, {"level", "info"}, {"time", "now"}, {"", "x"}, {"a", "1"}, {"a", "2"}}));
  EXPECT_EQ(object["event"], "alert.received");
  EXPECT_EQ(object["level"], "warn");
  EXPECT_EQ(object["a"], "1");
  EXPECT_EQ(object["fields_left_out"], 5);
  EXPECT_FALSE(object.contains("time"));
}

TEST(LogLine, is_bounded_whatever_comes) {
  for (const Format format : {Format::text, Format::json}) {
    for (const std::size_t count : {1U, 5U, 24U, 25U, 1000U}) {
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < count; ++i) keys.push_back("key_" + std::to_string(i));
      for (const std::string& value :
           {std::string(100000, '\x01'), std::string(100000, 'a'), std::string(100000, '\xff')}) {
        std::vector<Field> fields;
        for (const std::string& key : keys) fields.emplace_back(key, std::string_view{value});
        const std::string line = line_body(format, Level::info, Event::message, fields);
        EXPECT_LE(line.size(), line_octets_most - time_octets);
        EXPECT_EQ(line.find("fields_left_out") != std::string::npos, count > fields_most);
        EXPECT_EQ(Json::accept("{" + line), format == Format::json);
      }
    }
    const std::string long_key(10000, 'k');
    EXPECT_THAT(line_body(format, Level::info, Event::message, std::array{Field{long_key, 1}}),
                HasSubstr("fields_left_out"));
  }
}

TEST(LogLine, cuts_long_values_between_characters) {
  const Json object = Json::parse(
      "{" +
      json({{"a", std::string(1023, 'a') + "\xc3\xa9"}, {"b", std::string(1024, 'b')}, {"c", std::string(1025, 'c')}}));
  EXPECT_EQ(object["a"], std::string(1023, 'a') + "...");
  EXPECT_EQ(object["b"], std::string(1024, 'b'));
  EXPECT_EQ(object["c"], std::string(1024, 'c') + "...");
}

TEST(LogLine, of_nasty_strings_is_one_object_of_printable_ascii) {
  const std::vector<std::string> nasty = test::nasty_strings();
  ASSERT_GE(nasty.size(), 300U);
  for (const std::string& one : nasty) {
    for (const Format format : {Format::text, Format::json}) {
      const std::string line =
          line_body(format, Level::info, Event::session_fail, std::array{Field{"detail", one}, Field{"last", 1}});
      for (const char c : line) ASSERT_TRUE(c >= 0x20 && c <= 0x7e) << line;
      if (format == Format::text) {
        EXPECT_TRUE(line.ends_with(" last=1")) << line;
        continue;
      }
      const Json object = Json::parse("{" + line, nullptr, false);
      ASSERT_TRUE(object.is_object()) << line;
      EXPECT_EQ(object.size(), 4U) << line;
      EXPECT_EQ(object["event"], "session.fail");
      EXPECT_EQ(object["last"], 1);
      const bool is_text = Json(one).dump(-1, ' ', false, Json::error_handler_t::ignore) ==
                           Json(one).dump(-1, ' ', false, Json::error_handler_t::replace);
      if (is_text && one.size() <= 256) {
        EXPECT_EQ(object["detail"], one);
      }
    }
  }
}

TEST(Event, has_a_name_of_its_own_that_collectors_can_rely_on) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < event_count; ++i) {
    const std::string_view name = name_of(static_cast<Event>(i));
    EXPECT_TRUE(names.insert(name).second) << name;
    for (const char c : name) EXPECT_TRUE((c >= 'a' && c <= 'z') || c == '.' || c == '_') << name;
  }
}

}  // namespace
}  // namespace louver::observe
