#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "session/path_plan.h"
#include "vectors/document.h"
#include "vectors/path.h"
#include "wire/hello.h"
#include "wire/messages.h"

/// The listed secrets are those that the listed records were made with: each tag and ciphertext is checked by them
/// alone, as somebody would who has only the document and docs/protocol.md §6.
namespace louver::vectors {
namespace {

Buffer octets(const Json& digits) {
  const auto read = Place{digits, ""}.octets(0, 64 * 1024);
  EXPECT_TRUE(read) << digits;
  return read ? *read : Buffer{};
}

class Checker {
 public:
  explicit Checker(Json document) : document_(std::move(document)) {
    suite_ = *crypto::find_suite(static_cast<std::uint16_t>(
        std::stoul(document_["inputs"]["manifest"].get<std::string>().substr(2 * (32 + 32 + 2), 4), nullptr, 16)));
  }
  const Json& document() const { return document_; }

  crypto::Aead key(const std::string& name, crypto::Aead::Use use, bool second_epoch = false) const {
    for (const Json& secret : document_["secrets"]) {
      if (secret["name"] != name) continue;
      return {suite_, use, octets(second_epoch ? secret["epoch_1"]["secret"] : secret["session_secret"])};
    }
    ADD_FAILURE() << name;
    return {suite_, use, Buffer(32)};
  }
  Buffer session_secret(const std::string& name) const {
    for (const Json& secret : document_["secrets"]) {
      if (secret["name"] == name) return octets(secret["session_secret"]);
    }
    ADD_FAILURE() << name;
    return {};
  }
  Buffer join_key(const std::string& name) const {
    for (const Json& secret : document_["secrets"]) {
      if (secret["name"] == name) return octets(secret["join_key"]);
    }
    ADD_FAILURE() << name;
    return {};
  }

 private:
  Json document_;
  crypto::Suite suite_{};
};

std::string name_of_item(int kind, int direction, int context, int from, int to, int verifier) {
  Buffer out;
  for (const int octet : {kind, direction, context, from, to, verifier}) out.push_back(static_cast<std::byte>(octet));
  return to_hex(out);
}

Checker made(const std::string& wanted) {
  for (const auto& [name, inputs] : own_inputs()) {
    if (name == wanted) return Checker{*compute(path_format, inputs)};
  }
  ADD_FAILURE() << wanted;
  return Checker{Json{}};
}

/// The stream of n1-inspect: c2s context 1 from 0 to 2, read by M1. The third record and the FIN are in the second
/// epoch.
TEST(VectorsKeys, records_of_both_epochs_open_with_the_listed_secrets) {
  const Checker checker = made("n1-inspect");
  const auto plain = [&](std::size_t step) { return octets(checker.document()["inputs"]["steps"][step]["plaintext"]); };
  for (std::size_t step = 0; step < 4; ++step) {
    const crypto::Sequence seq{step};
    const crypto::Aead read = checker.key("0100010002ff", crypto::Aead::Use::open, step >= 2);
    for (const Json& record : checker.document()["steps"][step]["records"]) {
      const Buffer frame = octets(record["frame"]);
      const Bytes whole{frame};
      const std::size_t length = frame.size() - 10 - 5 * 16;  // AEAD tag, two verify tags, one witness slot, hop tag
      Buffer text(length);
      ASSERT_TRUE(read.open(seq, whole.first(10), whole.subspan(10, length), octets(record["tag"]), text)) << step;
      EXPECT_EQ(text, step < 3 ? plain(step) : Buffer{});
      const Bytes sealed = whole.first(10 + length + 16);
      for (const int party : {1, 2}) {
        const auto verify = checker.key(name_of_item(2, 0, 1, 0, 2, party), crypto::Aead::Use::seal);
        EXPECT_TRUE(verify.check(seq, {sealed}, octets(record["verify"][std::to_string(party)])));
      }
      const bool behind = record["hop"] == 1;  // M1 has filled its slot
      const auto witness = checker.key(name_of_item(4, 0, 1, 1, 2, 255), crypto::Aead::Use::seal);
      EXPECT_EQ(witness.check(seq, {sealed}, octets(record["witness"]["1"])), behind);
      const int hop = record["hop"].get<int>();
      const auto hop_key = checker.key(name_of_item(5, 0, 0, hop, hop + 1, 255), crypto::Aead::Use::seal);
      const Bytes tags = whole.subspan(10 + length, 4 * 16);
      EXPECT_TRUE(hop_key.check(seq, {whole.first(10), tags}, octets(record["hop_tag"])));
    }
  }
}

TEST(VectorsKeys, the_first_epoch_does_not_open_the_second) {
  const Checker checker = made("n1-inspect");
  const Json& record = checker.document()["steps"][2]["records"][0];
  const Buffer frame = octets(record["frame"]);
  Buffer text(frame.size() - 90);
  const crypto::Aead old = checker.key("0100010002ff", crypto::Aead::Use::open);
  EXPECT_FALSE(old.open(crypto::Sequence{2}, Bytes{frame}.first(10), Bytes{frame}.subspan(10, text.size()),
                        octets(record["tag"]), text));
}

TEST(VectorsKeys, a_tombstone_holds_with_the_listed_redact_keys) {
  const Checker checker = made("n1-redact");
  const Json& record = checker.document()["steps"][1]["records"][1];
  const Buffer frame = octets(record["frame"]);
  const auto redact = checker.key(name_of_item(3, 0, 1, 1, 2, 2), crypto::Aead::Use::seal);
  EXPECT_TRUE(redact.check(crypto::Sequence{1}, {Bytes{frame}.first(14)}, octets(record["redact"]["2"])));
  const auto hop = checker.key(name_of_item(5, 0, 0, 1, 2, 255), crypto::Aead::Use::seal);
  EXPECT_TRUE(hop.check(crypto::Sequence{1}, {Bytes{frame}.first(frame.size() - 16)}, octets(record["hop_tag"])));
}

TEST(VectorsKeys, joins_hold_with_the_listed_keys) {
  const Checker checker = made("n2-http1");
  const auto end_key = checker.join_key("0700000003ff");
  for (int hop = 0; hop <= 2; ++hop) {
    const Buffer frame = octets(checker.document()["joins"][static_cast<std::size_t>(hop)]);
    const Bytes whole{frame};
    EXPECT_TRUE(equal(crypto::hmac_sha256(end_key, {whole.first(34)}), whole.subspan(34, 32)));
    const Buffer hop_key = checker.join_key(name_of_item(5, 0, 0, hop, hop + 1, 255));
    EXPECT_TRUE(equal(crypto::hmac_sha256(hop_key, {whole.first(66)}), whole.subspan(66, 32)));
  }
}

/// The upstream of n1-write: M1 has put "changed" in the place of "secret". AU-03
TEST(VectorsKeys, audit_values_and_chains_hold_with_the_listed_secrets) {
  const Checker checker = made("n1-write");
  const Buffer number(8);  // exchange 0, message 0
  const std::string sent = "account 12secretbehind the epoch";
  const std::string onward = "account 12changedbehind the epoch";
  struct Row {
    int party, out, changed;
    std::string key, content;
  };
  const std::vector<Row> wanted = {{0, 2, 0, "0800010002ff", sent},   {0, 1, 0, "0600010001ff", sent},
                                   {1, 0, 0, "0600010001ff", sent},   {1, 1, 1, "0600010102ff", onward},
                                   {2, 2, 0, "0800010002ff", onward}, {2, 0, 0, "0600010102ff", onward}};
  const Json& rows = checker.document()["steps"][2]["audit"];
  ASSERT_EQ(rows.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& [party, out, changed, key, content] = wanted[i];
    const Buffer audit = octets(rows[i]["audit"]);
    const auto value = crypto::hmac_sha256(checker.session_secret(key), {number, as_bytes(content)});
    const auto decoded = wire::decode<wire::Audit>(audit);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(rows[i]["party"], party);
    EXPECT_EQ(decoded->out, out);
    EXPECT_EQ(decoded->changed, changed);
    EXPECT_EQ(decoded->length, content.size());
    EXPECT_TRUE(equal(decoded->value, value)) << i;
    const auto chain = crypto::sha256({as_bytes("louver v1 audit"), Buffer(32), audit});
    EXPECT_EQ(rows[i]["chain"], to_hex(chain));
  }
  EXPECT_EQ(checker.document()["steps"][2]["judged"][0]["verdict"], "changed");
  EXPECT_EQ(checker.document()["steps"][4]["judged"][0]["verdict"], "unmodified");
}

/// "No other key changes": only read secrets have a second epoch; only c2s hops and item join key JOINs.
TEST(VectorsKeys, exactly_those_items_have_a_second_epoch_or_a_join_key) {
  for (const auto& [name, inputs] : own_inputs()) {
    const auto document = compute(path_format, inputs);
    ASSERT_TRUE(document);
    for (const Json& secret : (*document)["secrets"]) {
      const Buffer item = octets(secret["name"]);
      EXPECT_EQ(secret.contains("epoch_1"), item[0] == std::byte{1});
      EXPECT_EQ(secret.contains("join_key"),
                item[0] == std::byte{7} || (item[0] == std::byte{5} && item[1] == std::byte{0}));
      EXPECT_EQ(secret.contains("key"), item[0] < std::byte{6});
    }
  }
}

}  // namespace
}  // namespace louver::vectors
