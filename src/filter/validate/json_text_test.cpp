#include "filter/validate/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace louver::filter::validate {
namespace {

struct Row {
  std::string text;
  bool accepted;
};

std::string repeat(std::string_view one, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += one;
  return out;
}

/// What RFC 8259 lets a reader decide is refused here wherever two readers could differ.
std::vector<Row> rows() {
  std::vector<Row> out = {// accepted
                          {"{}", true},
                          {"[]", true},
                          {"null", true},
                          {"true", true},
                          {"false", true},
                          {"0", true},
                          {"-0", true},
                          {"1", true},
                          {"-1", true},
                          {"0.5", true},
                          {"1e5", true},
                          {"1E+5", true},
                          {"1e-5", true},
                          {"1.5e300", true},
                          {"18446744073709551615", true},
                          {"-9223372036854775808", true},
                          {"18446744073709551616", true},
                          {"123456789012345678901234567890", true},
                          {"\"\"", true},
                          {"\"a\"", true},
                          {"\"\\u0041\"", true},
                          {"\"\\ud83d\\ude00\"", true},
                          {"\"\xf0\x9f\x98\x80\"", true},
                          {"\"\xc3\xa4\"", true},
                          {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", true},
                          {"\"\x7f\"", true},
                          {" \t\r\n{} \t\r\n", true},
                          {"[1,2]", true},
                          {"[[]]", true},
                          {"{\"a\":1}", true},
                          {"{\"a\":{\"a\":1}}", true},
                          {"{\"a\":1,\"b\":1}", true},
                          {"{\"\":1}", true},
                          {"[{},{}]", true},
                          {"\"\\u0000\"", true},
                          {"{\"a\":[{\"a\":[]}]}", true},
                          {"[null,true,\"x\"]", true},
                          {"\"\xe2\x80\xa8\"", true},
                          {"[1e-400]", true},
                          {repeat("[", 64) + repeat("]", 64), true},
                          // no JSON
                          {"", false},
                          {" ", false},
                          {"nul", false},
                          {"NULL", false},
                          {"True", false},
                          {"nan", false},
                          {"NaN", false},
                          {"-NaN", false},
                          {"Infinity", false},
                          {"-Infinity", false},
                          {"inf", false},
                          {"undefined", false},
                          {"01", false},
                          {"-01", false},
                          {"+1", false},
                          {"1.", false},
                          {".5", false},
                          {"-", false},
                          {"1e", false},
                          {"1e+", false},
                          {"0x10", false},
                          {"1_000", false},
                          {"1,000", false},
                          {"'a'", false},
                          {"a", false},
                          {"\"", false},
                          {"\"a", false},
                          {"\"\\", false},
                          {"\"\\a\"", false},
                          {"\"\\x41\"", false},
                          {"\"\\u004\"", false},
                          {"\"\\u004g\"", false},
                          {"\"\\U0041\"", false},
                          {"\"\n\"", false},
                          {"\"\t\"", false},
                          {std::string{"\"\0\"", 3}, false},
                          {"\"\x1f\"", false},
                          {"[", false},
                          {"]", false},
                          {"{", false},
                          {"}", false},
                          {"[1", false},
                          {"[1,", false},
                          {"[1,]", false},
                          {"[,1]", false},
                          {"[1 2]", false},
                          {"[1,,2]", false},
                          {"{\"a\"}", false},
                          {"{\"a\":}", false},
                          {"{\"a\":1,}", false},
                          {"{,}", false},
                          {"{a:1}", false},
                          {"{1:1}", false},
                          {"{\"a\" 1}", false},
                          {"{\"a\":1 \"b\":2}", false},
                          {"{'a':1}", false},
                          {"{\"a\":1]", false},
                          {"[1}", false},
                          {"// x\n{}", false},
                          {"/* x */{}", false},
                          {"{}/**/", false},
                          {"#x\n{}", false},
                          {"\xc2\xa0{}", false},
                          {"\v{}", false},
                          {"\f{}", false},
                          // octets that are no UTF-8
                          {"\"\xff\"", false},
                          {"\"\xc0\xaf\"", false},
                          {"\"\xe0\x80\xaf\"", false},
                          {"\"\xed\xa0\x80\"", false},
                          {"\"\xf4\x90\x80\x80\"", false},
                          {"\"\xc3\"", false},
                          {"\"\x80\"", false},
                          {"\"\xf8\x88\x80\x80\x80\"", false},
                          {std::string{"[\0\"\0a\0\"\0]\0", 10}, false},
                          {std::string{"\0[\0]", 4}, false},
                          // what readers differ about
                          {"\xef\xbb\xbf{}", false},
                          {"\xfe\xff{}", false},
                          {"{\"a\":1,\"a\":2}", false},
                          {"{\"a\":1,\"\\u0061\":2}", false},
                          {"{\"b\":{\"a\":1,\"a\":1}}", false},
                          {"[{\"a\":1,\"b\":2,\"a\":1}]", false},
                          {"{\"\":1,\"\":1}", false},
                          {"\"\\ud800\"", false},
                          {"\"\\udc00\"", false},
                          {"\"\\ud800\\u0041\"", false},
                          {"\"\\ud800\\ud800\"", false},
                          {"\"\\ude00\\ud83d\"", false},
                          {"1e400", false},
                          {"-1e400", false},
                          {"[1e999999999]", false},
                          {"{} {}", false},
                          {"{}x", false},
                          {"1 2", false},
                          {"[]]", false},
                          {"{}\n{}", false},
                          {"{},", false},
                          {std::string{"{}\0", 3}, false},
                          {std::string{"{}\0{}", 5}, false},
                          {"nullnull", false},
                          {"\"a\"\"b\"", false},
                          // bounds
                          {repeat("[", 65) + repeat("]", 65), false},
                          {repeat("[", 100'000), false},
                          {repeat("{\"a\":", 100'000), false},
                          {"[" + repeat("0,", 100'000) + "0]", false},
                          {"[" + repeat("[],", 100'000) + "0]", false}};
  return out;
}

TEST(JsonText, is_read_in_one_way_or_not_at_all) {  // FI-09
  const std::vector<Row> all = rows();
  EXPECT_GE(all.size(), 130U);
  for (const Row& row : all) {
    const auto read = read_json(as_bytes(row.text));
    EXPECT_EQ(read.has_value(), row.accepted) << printable(row.text, 64);
    if (read) continue;
    EXPECT_THAT(read.error().fault, testing::AnyOf(Fault::blocked_by_policy, Fault::limit_exceeded));
  }
}

TEST(JsonText, ten_million_members_are_refused_after_as_many_as_may_be_there) {
  std::string text(20'000'002, '0');
  for (std::size_t i = 2; i < text.size(); i += 2) text[i] = ',';
  text.front() = '[';
  text.back() = ']';
  const auto read = read_json(as_bytes(text));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::limit_exceeded);
}

TEST(JsonText, what_is_refused_is_not_repeated) {
  for (const std::string_view text : {"{\"pass\": hunter2}", "{\"hunter2\":1,\"hunter2\":2}", "\"hunter2"}) {
    const auto read = read_json(as_bytes(text));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail.find("hunter2"), std::string::npos) << read.error().detail;
  }
}

}  // namespace
}  // namespace louver::filter::validate
