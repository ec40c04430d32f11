#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/coding/coded_by_hand.h"
#include "filter/scan/scan_filter.h"
#include "filter/test_support.h"

/// What a server does to get a forbidden thing past the scan: codings, right, wrong and damaged ones, and parts.
namespace louver::filter::scan {
namespace {

using namespace test;
using namespace coding::by_hand;
using testing::HasSubstr;

/// The test pattern of all virus scanners, not as a whole, so that they let this file be.
const std::string eicar = std::string{"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND"} + "ARD-ANTIVIRUS-TEST-FILE!$H+H*";
const std::string text = std::string(3000, ' ') + eicar + "\n" + std::string(500, '.');

struct Wrapping {
  std::string name;
  std::string encoding;  // content-encoding; "\n" between two fields; empty: none
  std::string body;
  bool searched;  // it is found within; else the body is stopped because nobody could look
};

std::string gzip_with_name() {
  std::string out = gzip(text);
  out[3] = 8;  // FNAME
  return out.insert(10, std::string{"file\0", 5});
}

std::vector<Wrapping> wrappings() {
  std::vector<Wrapping> out;
  const auto found = [&](std::string name, std::string encoding, std::string body) {
    out.push_back({std::move(name), std::move(encoding), std::move(body), true});
  };
  const auto stopped = [&](std::string name, std::string encoding, std::string body) {
    out.push_back({std::move(name), std::move(encoding), std::move(body), false});
  };
  found("plain", "", text);
  found("identity", "identity", text);
  found("multipart", "", "--b\r\ncontent-disposition: form-data; name=f; filename=f\r\n\r\n" + text + "\r\n--b--\r\n");
  for (int level = 0; level <= 9; ++level) found("gzip -" + std::to_string(level), "gzip", gzip(text, level));
  for (int level : {0, 1, 9}) found("deflate -" + std::to_string(level), "deflate", zlib_coded(text, level, 15));
  found("deflate, window of 512 octets", "deflate", zlib_coded(text, 6, 9));
  for (int quality = 0; quality <= 11; ++quality) found("br -" + std::to_string(quality), "br", br(text, quality));
  for (int level : {-5, 1, 9, 19}) found("zstd -" + std::to_string(level), "zstd", zstd(text, level));
  const std::size_t middle = text.find(eicar) + 30;
  found("two gzip members, cut within", "gzip", gzip(text.substr(0, middle)) + gzip(text.substr(middle)));
  found("an empty gzip member in front", "gzip", gzip("") + gzip(text));
  found("a hundred empty gzip members in front", "gzip", [] {
    std::string many;
    for (int i = 0; i < 100; ++i) many += gzip("");
    return many + gzip(text);
  }());
  found("two zstd frames, cut within", "zstd", zstd(text.substr(0, middle)) + zstd(text.substr(middle)));
  found("a zstd frame that is skipped in front", "zstd", std::string{"\x50\x2a\x4d\x18\4\0\0\0skip", 12} + zstd(text));
  found("gzip with a file name", "gzip", gzip_with_name());
  found("x-gzip", "x-gzip", gzip(text));
  found("GZIP", "GZIP", gzip(text));
  found("identity around", "identity, gzip", gzip(text));
  found("two fields", "gzip\nbr", br(gzip(text)));
  found("gzip, cut off behind it", "gzip", gzip(text + std::string(200'000, 'a')).substr(0, 300));
  found("gzip, octets behind it", "gzip", gzip(text) + "more");
  const std::vector<std::pair<std::string, std::string (*)(std::string_view)>> codings = {
      {"gzip", [](std::string_view t) { return gzip(t); }},
      {"deflate", [](std::string_view t) { return deflate(t); }},
      {"br", [](std::string_view t) { return br(t); }},
      {"zstd", [](std::string_view t) { return zstd(t); }}};
  for (const auto& [inner, code_inner] : codings) {
    for (const auto& [outer, code_outer] : codings)
      found(inner + " in " + outer, inner + ", " + outer, code_outer(code_inner(text)));
  }
  stopped("three codings", "gzip, gzip, gzip", gzip(gzip(gzip(text))));
  stopped("compress", "compress", text);
  stopped("a dictionary of Chrome's", "dcb", br(text));
  stopped("encrypted", "aes128gcm", text);
  stopped("no coding at all", "made-up", text);
  stopped("a list with a hole", "gzip,,br", br(gzip(text)));
  stopped("a parameter", "gzip;q=1", gzip(text));
  stopped("said to be gzip and plain", "gzip", text);
  stopped("said to be br and gzip", "br", gzip(text));
  stopped("said to be coded once too often", "gzip, gzip", gzip(text));
  stopped("deflate without its header", "deflate", raw_deflate(text));
  stopped("deflate with a dictionary", "deflate", deflate_with_dictionary(text, text));
  stopped("zstd with a dictionary", "zstd", zstd_with_dictionary(eicar));
  stopped("zstd with a window of 128 MiB", "zstd", zstd_with_window(eicar, 27));
  stopped("br with a window of 1 GiB", "br", br_with_large_window(text, 30));
  stopped("gzip of which the header is cut", "gzip", gzip(text).substr(0, 9));
  stopped("a bomb in front", "gzip", gzip(std::string(8 * 1024 * 1024, ' ') + text));
  return out;
}

Factories scan(std::vector<std::string>& said, bool pass_coded = false, bool pass_ranges = false) {
  auto made = make_scan(
      {.contexts = {"response-body"},
       .rules = {{"eicar",
                  "X5O!P%@AP\\[4\\\\PZX54\\(P\\^\\)7CC\\)7}\\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\\$H\\+H\\*"}},
       .pass_coded = pass_coded,
       .pass_ranges = pass_ranges,
       .write = [&said](const Finding&) { said.emplace_back("found"); },
       .write_unsearched = [&said](const Unsearched& one) { said.emplace_back(one.why); }});
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

std::string head_of(const std::string& encoding, std::string_view status = "200 OK") {
  std::string out = "HTTP/1.1 " + std::string{status} + "\r\n";
  if (!encoding.empty()) {
    const std::size_t two = encoding.find('\n');
    out += "content-encoding: " + encoding.substr(0, two) + "\r\n";
    if (two != std::string::npos) out += "content-encoding: " + encoding.substr(two + 1) + "\r\n";
  }
  return out + "\r\n";
}

const TestSession& session() {
  static const TestSession out{{"response-head", Grant::none, Grant::read},
                               {"response-body", Grant::none, Grant::inspect}};
  return out;
}

TEST(ScanWrappings, none_of_more_than_sixty_gets_through_in_whatever_pieces) {  // FI-02, FI-03
  const std::vector<Wrapping> all = wrappings();
  EXPECT_GE(all.size(), 60U);
  for (const Wrapping& one : all) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, std::size_t{16384}}) {
      std::vector<std::string> said;
      TestRelay relay{session(), scan(said)};
      ASSERT_TRUE(relay.feed("response-head", s2c, head_of(one.encoding)));
      std::vector<std::size_t> cuts;
      for (std::size_t at = step; at < one.body.size(); at += step) cuts.push_back(at);
      const auto fed = relay.feed("response-body", s2c, one.body, cuts);
      ASSERT_FALSE(fed) << one.name;
      EXPECT_EQ(fed.error().fault, Fault::blocked_by_policy) << one.name;
      EXPECT_EQ(said.size(), one.searched ? 1U : 0U) << one.name;
      EXPECT_THAT(fed.error().detail, HasSubstr(one.searched ? "rule \"eicar\"" : "cannot be searched")) << one.name;
      EXPECT_EQ(relay.ends("response-body", s2c), 0U) << one.name;
      EXPECT_LT(relay.text("response-body", s2c).size(), one.body.size()) << one.name;
      if (step == 16384) std::printf("%-45s %s\n", one.name.c_str(), explain(fed).c_str());
    }
  }
}

TEST(ScanWrappings, what_may_pass_unsearched_is_still_searched_where_it_can_be_and_told_where_not) {  // FI-02
  for (const Wrapping& one : wrappings()) {
    std::vector<std::string> said;
    TestRelay relay{session(), scan(said, true)};
    ASSERT_TRUE(relay.feed("response-head", s2c, head_of(one.encoding)));
    const auto fed = relay.feed("response-body", s2c, one.body);
    ASSERT_EQ(said.empty(), false) << one.name;  // found, or told that nobody could look
    if (one.searched) {
      EXPECT_FALSE(fed) << one.name;
    } else if (fed) {
      EXPECT_EQ(relay.text("response-body", s2c), one.body) << one.name;
      EXPECT_EQ(said.size(), 1U) << one.name;
    }
  }
}

TEST(ScanWrappings, sees_no_text_in_other_clothes) {  // FI-02: what operations.md says
  std::string utf16;
  for (const char c : eicar) utf16.append({c, '\0'});
  for (const std::string& body :
       {utf16,
        std::string{"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="}}) {
    std::vector<std::string> said;
    TestRelay relay{session(), scan(said)};
    ASSERT_TRUE(relay.feed("response-head", s2c, head_of("")));
    EXPECT_TRUE(relay.feed("response-body", s2c, body));
  }
}

TEST(ScanWrappings, an_answer_to_head_has_a_coding_and_no_content) {
  std::vector<std::string> said;
  for (const std::string encoding : {"gzip", "made-up"}) {
    TestRelay relay{session(), scan(said)};
    ASSERT_TRUE(relay.feed("response-head", s2c, head_of(encoding)));
    EXPECT_TRUE(relay.feed("response-body", s2c, ""));
    ASSERT_TRUE(relay.feed("response-head", s2c, head_of("", "206 Partial Content")));
    EXPECT_TRUE(relay.feed("response-body", s2c, "", {}, 2));
  }
}

const std::vector<std::string>& ranges() {
  static const std::vector<std::string> out = {"bytes=0-",
                                               "bytes=1-",
                                               "bytes=0-0",
                                               "bytes=0-9",
                                               "bytes=0-67",
                                               "bytes=34-",
                                               "bytes=-1",
                                               "bytes=-34",
                                               "bytes=-68",
                                               "bytes=-1000000",
                                               "bytes=0-33",
                                               "bytes=34-67",
                                               "bytes=0-33,34-67",
                                               "bytes=34-67,0-33",
                                               "bytes=0-0,1-1,2-2",
                                               "bytes=0-,0-",
                                               "bytes=5-5, 6-",
                                               "bytes= 0-9",
                                               "bytes=0-9,",
                                               "bytes=,0-9",
                                               "BYTES=0-9",
                                               "Bytes=0-",
                                               "bytes=00-09",
                                               "bytes=0-18446744073709551615",
                                               "bytes=9223372036854775807-",
                                               "bytes=9-0",
                                               "bytes=a-b",
                                               "bytes=",
                                               "bytes",
                                               "bytes 0-9",
                                               "none=0-9",
                                               "items=1-2",
                                               "chunks=0-1",
                                               "seconds=0-10"};
  return out;
}

TEST(ScanRanges, no_range_is_asked_for_where_heads_may_be_written) {  // FI-04
  ASSERT_EQ(ranges().size(), 34U);
  const TestSession writes{{"request-head", Grant::write},
                           {"response-head", Grant::none, Grant::read},
                           {"response-body", Grant::none, Grant::inspect}};
  for (const std::string& range : ranges()) {
    std::vector<std::string> said;
    TestRelay relay{writes, scan(said)};
    ASSERT_TRUE(relay.feed("request-head", c2s,
                           "GET /a HTTP/1.1\r\nhost: a\r\nrange: " + range +
                               "\r\nif-range: \"e\"\r\naccept: */*\r\nrange: bytes=1-2\r\n\r\n"));
    EXPECT_EQ(relay.text("request-head", c2s), "GET /a HTTP/1.1\r\nhost: a\r\naccept: */*\r\n\r\n") << range;
    EXPECT_EQ(relay.ends("request-head", c2s), 1U);
  }
  std::vector<std::string> said;
  TestRelay relay{writes, scan(said, false, true)};  // as configured
  const std::string head = "GET /a HTTP/1.1\r\nhost: a\r\nrange: bytes=0-\r\n\r\n";
  ASSERT_TRUE(relay.feed("request-head", c2s, head));
  EXPECT_EQ(relay.text("request-head", c2s), head);
}

TEST(ScanRanges, a_part_is_stopped_whoever_asked_for_it) {  // FI-04
  for (const std::string status : {"206 Partial Content", "206 ", "226 IM Used"}) {
    for (const bool pass_ranges : {false, true}) {
      std::vector<std::string> said;
      TestRelay relay{session(), scan(said, true, pass_ranges)};
      ASSERT_TRUE(relay.feed("response-head", s2c, head_of("", status)));
      const auto fed = relay.feed("response-body", s2c, eicar.substr(34));
      ASSERT_EQ(fed.has_value(), pass_ranges) << status;
      if (!fed) {
        EXPECT_THAT(fed.error().detail, HasSubstr("a part of something"));
        EXPECT_EQ(relay.text("response-body", s2c), "");
      }
    }
  }
}

TEST(ScanRanges, an_upload_in_parts_is_stopped) {  // FI-04
  const TestSession uploads{{"request-head", Grant::read}, {"request-body", Grant::inspect}};
  const auto write = [](const Finding&) {};
  TestRelay relay{uploads, {*make_scan({.contexts = {"request-body"}, .rules = {{"a", "never"}}, .write = write})}};
  ASSERT_TRUE(relay.feed("request-head", c2s,
                         "PUT / HTTP/1.1\r\nhost: a\r\ncontent-range: bytes 0-4/10\r\ncontent-length: 5\r\n\r\n"));
  EXPECT_FALSE(relay.feed("request-body", c2s, "first"));
}

}  // namespace
}  // namespace louver::filter::scan
