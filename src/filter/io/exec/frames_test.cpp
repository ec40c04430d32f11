#include "filter/io/exec/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace louver::filter::exec {
namespace {

using testing::HasSubstr;

constexpr std::size_t octets_most = 100;

std::string block(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  return out + std::string{text};
}
std::string frame(std::string_view header, std::string_view octets = "") { return block(header) + block(octets); }

Result<std::optional<Said>> read(std::string_view frames) {
  AnswerReader reader{octets_most};
  reader.add(as_bytes(frames));
  return reader.next();
}

TEST(Frames, a_question_is_a_header_in_json_and_its_octets) {
  const auto facts = std::make_shared<const ask::Facts>(
      ask::Facts{.session = "00/5", .profile = "http/1", .path = {"m1.example", "server.example"}, .self = 0});
  const Buffer made = make_frame(7, {facts, "request-body", Direction::c2s, Exchange{3}, Grant::inspect, true,
                                     to_buffer(std::string_view{"\0\xff{", 3})});
  const std::string text{as_text(made)};
  const std::string header = text.substr(4, text.size() - 4 - 4 - 3);
  EXPECT_EQ(text, frame(header, std::string_view{"\0\xff{", 3}));
  const auto json = nlohmann::json::parse(header);
  EXPECT_EQ(json, (nlohmann::json{{"id", 7},
                                  {"session", "00/5"},
                                  {"profile", "http/1"},
                                  {"path", {"m1.example", "server.example"}},
                                  {"self", 0},
                                  {"exchange", 3},
                                  {"context", "request-body"},
                                  {"direction", "c2s"},
                                  {"may", "inspect"},
                                  {"end", true}}));
}

TEST(Frames, answers_are_read_however_they_are_cut) {
  const std::string both = frame(R"({"id":1,"verdict":"pass"})") +
                           frame(R"({"verdict":"replace","id":18446744073709551615})", "new") +
                           frame(R"({"id":2,"verdict":"block","reason":"no"})");
  for (std::size_t first = 0; first <= both.size(); ++first) {
    AnswerReader reader{octets_most};
    std::vector<Said> all;
    for (const std::string& piece : {both.substr(0, first), both.substr(first)}) {
      reader.add(as_bytes(piece));
      while (true) {
        auto said = reader.next();
        ASSERT_TRUE(said) << first << describe(said.error());
        if (!*said) break;
        all.push_back(**said);
      }
    }
    ASSERT_EQ(all.size(), 3U) << first;
    EXPECT_EQ(all[0].answer.judgement, ask::Judgement::pass);
    EXPECT_EQ(all[1].id, UINT64_MAX);
    EXPECT_EQ(as_text(all[1].answer.octets), "new");
    EXPECT_EQ(all[2].answer.reason, "no");
  }
}

TEST(Frames, nothing_but_an_answer_is_taken_for_one) {
  for (const char* header : {"",
                             " ",
                             "{",
                             "{}",
                             "[]",
                             "null",
                             "1",
                             "\"pass\"",
                             R"({"id":1})",
                             R"({"verdict":"pass"})",
                             R"({"id":-1,"verdict":"pass"})",
                             R"({"id":1.5,"verdict":"pass"})",
                             R"({"id":"1","verdict":"pass"})",
                             R"({"id":1e3,"verdict":"pass"})",
                             R"({"id":18446744073709551616,"verdict":"pass"})",
                             R"({"id":1,"verdict":"PASS"})",
                             R"({"id":1,"verdict":"allow"})",
                             R"({"id":1,"verdict":true})",
                             R"({"id":1,"verdict":"pass","verdict":"block"})",
                             R"({"id":1,"id":1,"verdict":"pass"})",
                             R"({"id":1,"verdict":"pass","x":1})",
                             R"({"id":1,"verdict":"pass","reason":"r"})",
                             R"({"id":1,"verdict":"block","reason":1})",
                             R"({"id":1,"verdict":"block","reason":null})",
                             R"({"id":1,"verdict":["pass"]})",
                             R"({"id":{"id":1},"verdict":"pass"})",
                             R"({"id":1,"verdict":"pass"} x)",
                             R"({"id":1,"verdict":"pass",})",
                             R"({'id':1,'verdict':'pass'})",
                             "{\"id\":1,\"verdict\":\"pass\xff\"}",
                             R"({"id":1,"verdict":"pass"}{"id":1,"verdict":"pass"})",
                             R"(// x
{"id":1,"verdict":"pass"})"}) {
    const auto said = read(frame(header));
    ASSERT_FALSE(said) << header;
    EXPECT_EQ(said.error().fault, Fault::filter_failed);
  }
}

TEST(Frames, octets_belong_to_a_replacement_only) {
  for (const char* verdict : {"pass", "redact", "block"})
    EXPECT_FALSE(read(frame(R"({"id":1,"verdict":")" + std::string{verdict} + "\"}", "x"))) << verdict;
  EXPECT_TRUE(read(frame(R"({"id":1,"verdict":"replace"})", "x")));
  EXPECT_TRUE(read(frame(R"({"id":1,"verdict":"replace"})", "")));
}

// FI-08: a huge length is refused as soon as it stands there, not waited for.
TEST(Frames, fi08_a_huge_length_is_refused_at_once) {
  for (const std::string& length : {std::string{"\xff\xff\xff\xff", 4}, std::string{"\x80\0\0\0", 4},
                                    std::string{"\0\0\x40\x01", 4}}) {  // header_most + 1
    const auto said = read(length);
    ASSERT_FALSE(said);
    EXPECT_THAT(said.error().detail, HasSubstr("at most 16384"));
  }
  const std::string header = block(R"({"id":1,"verdict":"replace"})");
  const auto said = read(header + std::string{"\0\0\0\x65", 4});
  ASSERT_FALSE(said);
  EXPECT_THAT(said.error().detail, HasSubstr("at most 100"));
  const auto most = read(header + block(std::string(octets_most, 'x')));
  ASSERT_TRUE(most);
  EXPECT_TRUE(most->has_value());
}

TEST(Frames, a_header_of_ten_thousand_brackets_is_refused) {
  EXPECT_FALSE(read(frame(std::string(10'000, '['))));
  EXPECT_FALSE(read(frame(R"({"id":1,"verdict":)" + std::string(5'000, '[') + std::string(5'000, ']') + "}")));
}

TEST(Frames, a_reason_is_made_printable_and_short) {
  const auto said = read(frame(R"({"id":1,"verdict":"block","reason":"a\n\u0000b)" + std::string(1000, 'r') + "\"}"));
  ASSERT_TRUE(said && *said);
  EXPECT_EQ((*said)->answer.reason.substr(0, 4), "a??b");
  EXPECT_LE((*said)->answer.reason.size(), 200U);
}

TEST(Frames, no_noise_makes_the_reader_wait_for_more_than_its_limits) {
  std::mt19937 random{3};
  for (int round = 0; round < 2000; ++round) {
    AnswerReader reader{octets_most};
    std::size_t kept = 0;
    for (int i = 0; i < 50; ++i) {
      std::string noise(std::uniform_int_distribution<std::size_t>{0, 700}(random), ' ');
      for (char& c : noise) c = static_cast<char>(random() % 4 == 0 ? 0 : random());
      reader.add(as_bytes(noise));
      kept += noise.size();
      const auto said = reader.next();
      if (!said) break;
      ASSERT_LE(kept, header_most + octets_most + 8 + 700);
    }
  }
}

}  // namespace
}  // namespace louver::filter::exec
