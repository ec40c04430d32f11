#include "filter/compress/compress_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/coding/decoding.h"
#include "filter/compress/negotiation.h"
#include "filter/test_support.h"

namespace louver::filter::compress {
namespace {

using namespace test;
using coding::Coding;
using testing::HasSubstr;
using testing::Not;

const TestSession& session() {
  static const TestSession out{{"request-head", Grant::read},
                               {"request-credentials", Grant::read},
                               {"response-head", Grant::none, Grant::write},
                               {"response-body", Grant::none, Grant::write}};
  return out;
}
const TestSession& blind() {
  static const TestSession out{{"request-head", Grant::read},
                               {"response-head", Grant::none, Grant::write},
                               {"response-body", Grant::none, Grant::write}};
  return out;
}

Factories compresses(CompressOptions options = {}) {
  auto made = make_compress(std::move(options));
  if (!made) ADD_FAILURE() << describe(made.error());
  return made ? Factories{*made} : Factories{};
}

std::string long_text() {
  std::string out;
  for (int i = 0; out.size() < 50'000; ++i)
    out += "line " + std::to_string(i * 31) + " of a text that repeats itself\n";
  return out;
}

struct Exchange1 {
  std::string accept = "gzip, br";
  std::string request_fields = "";
  std::string credentials = "";
  std::string response_fields = "content-type: text/html\r\n";
  std::string status = "200 OK";
  std::string method = "GET";
};

/// Runs one exchange; the answer's head.
std::string run(TestRelay& relay, const Exchange1& one, const std::string& body, std::span<const std::size_t> cuts = {},
                const TestSession& in = session()) {
  EXPECT_TRUE(relay.feed(
      "request-head", c2s,
      one.method + " / HTTP/1.1\r\nhost: a\r\naccept-encoding: " + one.accept + "\r\n" + one.request_fields + "\r\n"));
  if (&in == &session()) {
    EXPECT_TRUE(relay.feed("request-credentials", c2s, one.credentials));
  }
  EXPECT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 " + one.status + "\r\n" + one.response_fields + "\r\n",
                         std::array<std::size_t, 1>{7}));
  const auto fed = relay.feed("response-body", s2c, body, cuts);
  EXPECT_TRUE(fed) << explain(fed);
  EXPECT_EQ(relay.ends("response-body", s2c), 1U);
  return relay.text("response-head", s2c);
}

std::string decoded(Coding coding, std::string_view text) {
  struct Sink final : coding::ByteSink {
    Result<> take(Bytes bytes) override {
      out += as_text(bytes);
      return {};
    }
    std::string out;
  } sink;
  auto decoding = coding::Decoding::make(std::array{coding}, {});
  if (!decoding || !(*decoding)->decode(as_bytes(text), sink) || !(*decoding)->end()) return "does not decode";
  return sink.out;
}

TEST(Compress, makes_an_answer_smaller_that_decodes_to_the_same_however_it_is_cut) {
  const std::string text = long_text();
  std::mt19937 random{5};
  for (const Coding coding : {Coding::gzip, Coding::br}) {
    for (int round = 0; round < 20; ++round) {
      TestRelay relay{session(), compresses()};
      const bool announced = round % 2 == 0;
      const std::string length = announced ? "content-length: " + std::to_string(text.size()) + "\r\n" : "";
      const std::string head =
          run(relay,
              {.accept = std::string{name_of(coding)},
               .response_fields = "content-type: text/html\r\netag: \"e\"\r\naccept-ranges: bytes\r\n" + length},
              text, random_cuts(random, text.size(), round < 10 ? 3 : 50));
      EXPECT_EQ(head, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\netag: W/\"e\"\r\ncontent-encoding: " +
                          std::string{name_of(coding)} + "\r\nvary: accept-encoding\r\n\r\n");
      const std::string body = relay.text("response-body", s2c);
      EXPECT_LT(body.size(), text.size() / 2);
      EXPECT_EQ(decoded(coding, body), text);
    }
  }
}

TEST(Compress, an_event_goes_out_as_soon_as_it_comes) {
  TestRelay relay{session(), compresses()};
  ASSERT_TRUE(relay.feed("request-head", c2s, "GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\n\r\n"));
  ASSERT_TRUE(relay.feed("request-credentials", c2s, ""));
  ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"));
  std::string before;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(relay.feed({session().id("response-body"), s2c, Exchange{1}, "data: token\n\n"}));
    EXPECT_EQ(relay.last_verdict, Verdict::replaced);
    EXPECT_GT(relay.text("response-body", s2c).size(), before.size());
    before = relay.text("response-body", s2c);
  }
}

TEST(Compress, leaves_alone_what_it_must_not_or_need_not_change) {  // FI-10
  const std::string text = long_text();
  const std::string html = "content-type: text/html\r\n";
  for (const Exchange1& one : std::vector<Exchange1>{
           {.accept = "identity"},
           {.accept = "gzip;q=0, br;q=0.0"},
           {.accept = "zstd"},
           {.accept = "gzip;q=x"},
           {.accept = "*;q=0"},
           {.accept = "br;q=0, gzip;q=0, *"},
           {.request_fields = "cache-control: no-transform\r\n"},
           {.method = "HEAD"},
           {.response_fields = html + "cache-control: public, No-Transform\r\n"},
           {.response_fields = html + "content-encoding: zstd\r\n"},
           {.response_fields = html + "content-encoding: unknown\r\n"},
           {.response_fields = "content-type: image/png\r\n"},
           {.response_fields = ""},
           {.response_fields = html + "digest: sha-256=x\r\n"},
           {.response_fields = html + "content-md5: x\r\n"},
           {.response_fields = html + "content-length: 1023\r\n"},
           {.response_fields = html + "content-range: bytes 0-1/2\r\n", .status = "206 Partial Content"},
           {.credentials = "cookie: session=1\r\n"}}) {
    TestRelay relay{session(), compresses()};
    const std::string head = run(relay, one, text);
    EXPECT_EQ(head, "HTTP/1.1 " + one.status + "\r\n" + one.response_fields + "\r\n")
        << one.accept << one.response_fields;
    EXPECT_EQ(relay.text("response-body", s2c), text);
  }
}

TEST(Compress, is_off_beside_secrets_and_where_it_cannot_know_unless_told) {  // FI-10
  const std::string text = long_text();
  const std::string html = "content-type: text/html\r\n";
  const std::string bound = "louver-target: " + std::string(64, '0') + "\r\n";
  struct Row {
    const TestSession& in;
    std::string credentials, cache;
    bool allow, compressed;
  };
  for (const Row& row :
       std::vector<Row>{{session(), "", "", false, true},
                        {session(), bound, "", false, true},
                        {session(), bound + "cookie: s=1\r\n", "", false, false},
                        {session(), "louver-target: 0\r\ncookie: " + std::string(80, 'x') + "\r\n", "", false, false},
                        {session(), "cookie: s=1\r\n", "", false, false},
                        {session(), "cookie: s=1\r\n", "cache-control: public\r\n", false, true},
                        {session(), "authorization: x\r\n", "cache-control: private\r\n", false, false},
                        {session(), "cookie: s=1\r\n", "", true, true},
                        {blind(), "", "", false, false},
                        {blind(), "", "cache-control: max-age=60, public\r\n", false, true},
                        {blind(), "", "", true, true}}) {
    TestRelay relay{row.in, compresses({.allow_beside_secrets = row.allow})};
    const std::string head =
        run(relay, {.credentials = row.credentials, .response_fields = html + row.cache}, text, {}, row.in);
    if (row.compressed) {
      EXPECT_THAT(head, HasSubstr("content-encoding: br"));
    } else {
      EXPECT_THAT(head, Not(HasSubstr("content-encoding")));
    }
  }
}

TEST(Compress, goes_by_the_final_head_and_keeps_exchanges_apart) {
  const std::string text = long_text();
  TestRelay relay{session(), compresses()};
  for (std::uint32_t exchange = 1; exchange <= 4; ++exchange) {
    ASSERT_TRUE(relay.feed("request-head", c2s,
                           "GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: " +
                               std::string{exchange % 2 == 0 ? "gzip" : "identity"} + "\r\n\r\n",
                           {}, exchange));
    ASSERT_TRUE(relay.feed("request-credentials", c2s, "", {}, exchange));
  }
  for (std::uint32_t exchange = 1; exchange <= 4; ++exchange) {
    ASSERT_TRUE(
        relay.feed("response-head", s2c, "HTTP/1.1 103 Early Hints\r\ncontent-type: text/css\r\n\r\n", {}, exchange));
    ASSERT_TRUE(relay.feed("response-head", s2c, "HTTP/1.1 200 OK\r\ncontent-type: text/css\r\n\r\n", {}, exchange));
    ASSERT_TRUE(relay.feed("response-body", s2c, text, {}, exchange));
    const std::string body = relay.text("response-body", s2c, exchange);
    EXPECT_EQ(exchange % 2 == 0 ? decoded(Coding::gzip, body) : body, text);
  }
}

TEST(Compress, needs_to_write_answers) {  // FI-13
  const TestSession reads{{"request-head", Grant::read},
                          {"response-head", Grant::none, Grant::write},
                          {"response-body", Grant::none, Grant::redact}};
  TestRelay relay{reads, compresses()};
  EXPECT_EQ(relay.chain().missing().size(), 1U);
  EXPECT_FALSE(make_compress({.contexts = {"response-body"}}));
  EXPECT_FALSE(make_compress({.codings = {Coding::zstd}}));
}

}  // namespace
}  // namespace louver::filter::compress
