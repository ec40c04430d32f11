#include "filter/validate/token.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "filter/test_support.h"
#include "filter/validate/token_filter.h"

namespace louver::filter::validate {
namespace {

using namespace test;
const std::string secret(32, 's');
constexpr std::int64_t now = 1'800'000'000;

WallTime at(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

std::string base64url(Bytes bytes) {
  std::string out = base64_of(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out.substr(0, out.find('='));
}

std::string token(const std::string& header, const std::string& claims, const std::string& key = secret) {
  const std::string text = base64url(as_bytes(header)) + "." + base64url(as_bytes(claims));
  return text + "." + base64url(crypto::hmac_sha256(as_bytes(key), {as_bytes(text)}));
}

TokenRules rules() {
  return {.algorithm = crypto::TokenAlgorithm::hs256,
          .key = *crypto::TokenKey::make(crypto::TokenAlgorithm::hs256, as_bytes(secret)),
          .issuer = "https://id.example",
          .audience = "api",
          .leeway = std::chrono::seconds{10}};
}

const std::string header = R"({"alg":"HS256","typ":"JWT"})";
std::string claims(const std::string& times = R"("exp":1800000100)", const std::string& iss = R"("https://id.example")",
                   const std::string& aud = R"("api")") {
  return R"({"iss":)" + iss + R"(,"aud":)" + aud + "," + times + "}";
}

bool passes(const std::string& text) { return check_token(text, rules(), at(now)).has_value(); }

TEST(Token, that_is_good_passes) {
  EXPECT_TRUE(passes(token(header, claims())));
  EXPECT_TRUE(passes(token(header, claims(R"("exp":1800000000.5,"nbf":1799999999)"))));
  EXPECT_TRUE(passes(token(header, claims(R"("exp":1799999991)")))) << "within the leeway";
  EXPECT_TRUE(passes(token(header, claims(R"("exp":1800000100)", R"("https://id.example")", R"(["other","api"])"))));
  EXPECT_TRUE(passes(token(R"({"alg":"HS256","kid":"1","jku":"https://evil.example/keys"})", claims())));
}

TEST(Token, that_is_not_good_is_refused) {  // FI-09
  const std::string good = token(header, claims());
  const std::string unsigned_part = base64url(as_bytes(R"({"alg":"none"})")) + "." + base64url(as_bytes(claims()));
  const std::vector<std::pair<const char*, std::string>> all = {
      {"alg none", unsigned_part + "."},
      {"alg none, signed", token(R"({"alg":"none"})", claims())},
      {"alg None", token(R"({"alg":"None"})", claims())},
      {"no alg", token(R"({"typ":"JWT"})", claims())},
      {"another alg", token(R"({"alg":"HS512"})", claims())},
      {"another alg of the same key", token(R"({"alg":"RS256"})", claims())},
      {"alg in another case", token(R"({"alg":"hs256"})", claims())},
      {"alg twice", token(R"({"alg":"HS256","alg":"none"})", claims())},
      {"alg is no text", token(R"({"alg":["HS256"]})", claims())},
      {"crit", token(R"({"alg":"HS256","crit":["b64"],"b64":false})", claims())},
      {"another key", token(header, claims(), std::string(32, 't'))},
      {"empty key", token(header, claims(), "")},
      {"no signature", good.substr(0, good.rfind('.') + 1)},
      {"half a signature", good.substr(0, good.size() - 20)},
      {"padding", good + "="},
      {"bits that say nothing", good.substr(0, good.size() - 1) + static_cast<char>(good.back() + 1)},
      {"a fourth part", good + ".x"},
      {"two parts", good.substr(0, good.rfind('.'))},
      {"nothing", ""},
      {"dots", ".."},
      {"a blank", " " + good},
      {"a line end", good + "\n"},
      {"expired", token(header, claims(R"("exp":1799999990)"))},
      {"no exp", token(header, claims(R"("iat":1)"))},
      {"exp is no number", token(header, claims(R"("exp":"1900000000")"))},
      {"exp is null", token(header, claims(R"("exp":null)"))},
      {"exp twice", token(header, claims(R"("exp":1,"exp":1900000000)"))},
      {"exp beyond a double", token(header, claims(R"("exp":1e400)"))},
      {"exp below 0", token(header, claims(R"("exp":-1)"))},
      {"not yet valid", token(header, claims(R"("exp":1800000100,"nbf":1800000011)"))},
      {"nbf is no number", token(header, claims(R"("exp":1800000100,"nbf":"x")"))},
      {"another issuer", token(header, claims(R"("exp":1800000100)", R"("https://id.example.evil")"))},
      {"issuer in a list", token(header, claims(R"("exp":1800000100)", R"(["https://id.example"])"))},
      {"no issuer", token(header, R"({"aud":"api","exp":1800000100})")},
      {"another audience", token(header, claims(R"("exp":1800000100)", R"("https://id.example")", R"("apis")"))},
      {"others' audiences", token(header, claims(R"("exp":1800000100)", R"("https://id.example")", R"(["a","b"])"))},
      {"no audience", token(header, R"({"iss":"https://id.example","exp":1800000100})")},
      {"a body that is no object", token(header, "[]")},
      {"a body that is no JSON", token(header, "{")},
      {"a header that is no object", token("\"HS256\"", claims())},
      {"something behind the body", token(header, claims() + "{}")},
      {"too long", token(header, claims(R"("exp":1800000100,"x":")" + std::string(20'000, 'x') + "\""))}};
  for (const auto& [name, text] : all) {
    const auto done = check_token(text, rules(), at(now));
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().fault, Fault::blocked_by_policy) << name;
    EXPECT_EQ(done.error().detail.find("evil"), std::string::npos);
  }
}

std::string outcome(std::string_view credentials, std::span<const std::size_t> cuts = {}) {
  const TestSession session{{"request-credentials", Grant::inspect}};
  const auto made = make_token_filter(rules(), [] { return at(now); });
  TestRelay relay{session, {*made}};
  const auto fed = relay.feed("request-credentials", Direction::c2s, credentials, cuts);
  return fed ? relay.text("request-credentials", Direction::c2s) : describe(fed.error());
}

TEST(Token, must_stand_once_in_its_field) {
  const std::string good = "authorization: Bearer " + token(header, claims()) + "\r\n";
  for (std::size_t cut = 0; cut <= good.size(); cut += 9) EXPECT_EQ(outcome(good, std::array{cut}), good);
  for (const std::string& bad :
       {std::string{}, std::string{"cookie: a=b\r\n"}, good + good, "cookie: a=" + token(header, claims()) + "\r\n",
        "authorization: Basic " + token(header, claims()) + "\r\n", std::string{"authorization: Bearer x\r\n"},
        std::string{"authorization: Bearer\r\n"}})
    EXPECT_NE(outcome(bad).find("blocked_by_policy"), std::string::npos) << bad;
}

}  // namespace
}  // namespace louver::filter::validate
