#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/coding/coded_by_hand.h"
#include "filter/coding/decoding.h"

namespace louver::filter::coding {
namespace {

using namespace by_hand;
using testing::HasSubstr;

struct Collected final : ByteSink {
  Result<> take(Bytes bytes) override {
    text += as_text(bytes);
    longest = std::max(longest, bytes.size());
    return {};
  }
  std::string text;
  std::size_t longest = 0;
};

/// In pieces of `step` octets.
Result<std::string> decode(std::vector<Coding> codings, std::string_view coded, std::size_t step,
                           const Bounds& bounds = {}) {
  auto decoding = Decoding::make(codings, bounds);
  if (!decoding) return decoding.error();
  Collected out;
  for (; !coded.empty(); coded.remove_prefix(std::min(step, coded.size())))
    LOUVER_TRY((*decoding)->decode(as_bytes(coded.substr(0, step)), out));
  LOUVER_TRY((*decoding)->end());
  EXPECT_LE(out.longest, decoded_step);
  return out.text;
}

std::string varied_text(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i) out += std::to_string(i * 7919) + (i % 3 == 0 ? "\n" : " ");
  out.resize(size);
  return out;
}

struct Case {
  std::vector<Coding> codings;
  std::function<std::string(std::string_view)> code;
};
std::vector<Case> cases() {
  return {{{Coding::gzip}, [](auto t) { return gzip(t); }},
          {{Coding::gzip}, [](auto t) { return gzip(t, 0); }},
          {{Coding::gzip}, [](auto t) { return gzip(t.substr(0, t.size() / 2)) + gzip(t.substr(t.size() / 2)); }},
          {{Coding::deflate}, [](auto t) { return deflate(t); }},
          {{Coding::br}, [](auto t) { return br(t); }},
          {{Coding::zstd}, [](auto t) { return zstd(t); }},
          {{Coding::zstd}, [](auto t) { return zstd(t.substr(0, t.size() / 3)) + zstd(t.substr(t.size() / 3)); }},
          {{Coding::gzip, Coding::br}, [](auto t) { return br(gzip(t)); }},
          {{Coding::zstd, Coding::gzip}, [](auto t) { return gzip(zstd(t)); }}};
}

TEST(Decoder, undoes_each_coding_however_it_is_cut) {
  for (const std::string& text : {std::string{}, std::string{"a"}, varied_text(100'000)}) {
    for (std::size_t i = 0; i < cases().size(); ++i) {
      const Case one = cases()[i];
      const std::string coded = one.code(text);
      for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{65536}}) {
        const auto decoded = decode(one.codings, coded, step);
        ASSERT_TRUE(decoded) << i << ": " << describe(decoded.error());
        EXPECT_EQ(*decoded, text) << i;
      }
    }
  }
}

TEST(Decoder, of_nothing_makes_nothing) {  // an answer to HEAD
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd})
    EXPECT_EQ(*decode({coding}, "", 1), "");
}

TEST(Decoder, refuses_what_is_cut_off_at_every_place) {  // FI-02
  const std::string text = varied_text(300);
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd}) {
    const std::string coded = coding == Coding::gzip      ? gzip(text)
                              : coding == Coding::deflate ? deflate(text)
                              : coding == Coding::br      ? br(text)
                                                          : zstd(text);
    for (std::size_t size = 1; size < coded.size(); ++size) {
      const auto decoded = decode({coding}, coded.substr(0, size), 64);
      ASSERT_FALSE(decoded) << name_of(coding) << " " << size;
      EXPECT_EQ(decoded.error().fault, Fault::blocked_by_policy);
    }
  }
}

TEST(Decoder, refuses_what_stands_behind_the_end) {  // FI-02
  for (const std::string& more : {std::string{"x"}, std::string(8, '\0'), std::string{"\x1f\x8b\x08"}}) {
    EXPECT_FALSE(decode({Coding::gzip}, gzip("text") + more, 64));
    EXPECT_FALSE(decode({Coding::deflate}, deflate("text") + more, 64));
    EXPECT_FALSE(decode({Coding::br}, br("text") + more, 64));
    EXPECT_FALSE(decode({Coding::zstd}, zstd("text") + more, 64));
  }
  EXPECT_FALSE(decode({Coding::deflate}, deflate("one") + deflate("two"), 64));
  EXPECT_FALSE(decode({Coding::br}, br("one") + br("two"), 64));
}

TEST(Decoder, refuses_other_codings_and_what_is_in_none) {  // FI-02
  const std::vector<std::string> coded = {gzip("text"), deflate("text"), br("text"),
                                          zstd("text"), "text",          raw_deflate("text")};
  const std::vector<Coding> codings = {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd};
  for (std::size_t as = 0; as < codings.size(); ++as) {
    for (std::size_t is = 0; is < coded.size(); ++is) {
      EXPECT_EQ(decode({codings[as]}, coded[is], 64).has_value(), as == is) << as << " " << is;
    }
  }
}

TEST(Decoder, refuses_dictionaries_and_windows_that_nobody_here_has) {  // FI-02
  EXPECT_FALSE(decode({Coding::deflate}, deflate_with_dictionary("text", "dictionary of text"), 64));
  EXPECT_FALSE(decode({Coding::zstd}, zstd_with_dictionary("text"), 64));
  EXPECT_FALSE(decode({Coding::zstd}, zstd_with_window("text", 27), 64));  // 128 MiB
  EXPECT_FALSE(decode({Coding::br}, br_with_large_window("text", 30), 64));
}

TEST(Decoding, stops_a_bomb_by_its_ratio) {  // FI-03
  const std::string zeros(4 * 1024 * 1024, '\0');
  const std::vector<std::pair<std::vector<Coding>, std::string>> bombs = {
      {{Coding::gzip}, gzip(zeros)},
      {{Coding::br}, br(zeros)},
      {{Coding::zstd}, zstd(zeros)},
      {{Coding::gzip, Coding::gzip}, gzip(gzip(zeros))}};
  for (const auto& [codings, bomb] : bombs) {
    const auto decoded = decode(codings, bomb, 16384);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().fault, Fault::blocked_by_policy);
    EXPECT_THAT(decoded.error().detail, HasSubstr("200 times"));
  }
}

TEST(Decoding, bounds_are_kept_to_the_octet) {  // FI-03
  const std::string text = varied_text(100'000);
  EXPECT_TRUE(decode({Coding::gzip}, gzip(text), 1000, {.octets_most = text.size()}));
  const auto above = decode({Coding::gzip}, gzip(text), 1000, {.octets_most = text.size() - 1});
  ASSERT_FALSE(above);
  EXPECT_THAT(above.error().detail, HasSubstr("99999 octets"));
  const std::string small(ratio_free, 'a');  // whatever its ratio
  EXPECT_TRUE(decode({Coding::gzip}, gzip(small), 1000, {.ratio_most = 1}));
  EXPECT_FALSE(decode({Coding::gzip}, gzip(small + "a"), 100'000, {.ratio_most = 1}));
}

TEST(ContentCoding, is_read_strictly) {  // FI-02
  const auto read = [](std::vector<std::string> values) {
    std::vector<http::Field> fields{{"content-type", "gzip"}};
    for (std::string& value : values) fields.push_back({"content-encoding", std::move(value)});
    return codings_of(fields);
  };
  using List = std::vector<Coding>;
  EXPECT_EQ(read({}), List{});
  EXPECT_EQ(read({""}), List{});
  EXPECT_EQ(read({"identity"}), List{});
  EXPECT_EQ(read({"GZip"}), List{Coding::gzip});
  EXPECT_EQ(read({"x-gzip"}), List{Coding::gzip});
  EXPECT_EQ(read({"deflate ,\tbr"}), (List{Coding::deflate, Coding::br}));
  EXPECT_EQ(read({"gzip", "zstd"}), (List{Coding::gzip, Coding::zstd}));
  for (const std::string value : {"compress", "x-compress", "gzip,", ",gzip", "gzip,,br", "gzip;q=1", "gzip br", "dcb",
                                  "dcz", "aes128gcm", "gzip,gzip,gzip", "gzip, gzip, identity, br"})
    EXPECT_EQ(read({value}), std::nullopt) << value;
}

}  // namespace
}  // namespace louver::filter::coding
