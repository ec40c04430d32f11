#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "vectors/document.h"
#include "vectors/vectors.h"
#include "wire/hello.h"

/// What docs/protocol.md computes for its readers is read from its own text, and computed here.
namespace louver::vectors {
namespace {

std::string section(const std::string& from, const std::string& to) {
  std::ifstream file{std::string{LOUVER_SOURCE_DIR} + "/docs/protocol.md"};
  std::stringstream stream;
  stream << file.rdbuf();
  const std::string text = stream.str();
  const std::size_t begin = text.find(from);
  EXPECT_NE(begin, std::string::npos) << from;
  return begin == std::string::npos ? std::string{} : text.substr(begin, text.find(to, begin) - begin);
}

/// The block of annex C: title -> hexadecimal digits of the lines behind it.
std::map<std::string, std::string> annex_c() {
  std::istringstream lines{section("## Annex C", "no such end")};
  std::map<std::string, std::string> out;
  std::string title;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
    } else if (inside && !line.starts_with("  ")) {
      title = line;
    } else if (inside) {
      std::erase(line, ' ');
      out[title] += line;
    }
  }
  return out;
}

Buffer octets_of_hex(const std::string& digits) {
  const Json json = digits;
  const auto octets = Place{json, ""}.octets(0, 1024);
  EXPECT_TRUE(octets) << digits;
  return octets ? *octets : Buffer{};
}

/// Hello of the annex, everything accepted, and its fixed values.
Json annex_document(const Buffer& hello_body) {
  const auto hello = wire::decode_hello(hello_body);
  if (!hello) return {};
  wire::Accept accept{session::hash_of_hello(hello_body), wire::version_1, 0x1301, {}, hello->extensions};
  accept.grants.bytes = hello->grants.bytes;
  const auto terms = session::agree_on_terms(*hello, accept.hello_hash, accept);
  if (!terms) return {};
  wire::Hash manifest_hash{};
  manifest_hash.fill(std::byte{0x55});
  Inputs in;
  in.e2e = Buffer(32, std::byte{0x11});
  in.client_seed = Buffer(32, std::byte{0x22});
  in.server_seed = Buffer(32, std::byte{0x33});
  in.session = SessionNumber{1};
  in.epoch_shift = limits::epoch_shift;
  Step say;
  say.context = ContextId{1};
  say.plaintext = to_buffer("account 12");
  say.end = true;
  Step finish;
  finish.finish = true;
  in.steps = {say, finish};
  const auto made = compute_agreed(in, *terms, manifest_hash);
  return made ? *made : Json{};
}

TEST(VectorsAnnex, c_of_the_protocol_is_what_is_computed) {
  auto annex = annex_c();
  const Buffer hello = octets_of_hex(annex["Hello body (122 octets)"]);
  EXPECT_EQ(hello.size(), 122U);
  EXPECT_EQ(to_hex(session::hash_of_hello(hello)), annex["hello_hash"]);
  const Json document = annex_document(hello);
  ASSERT_FALSE(document.is_null());
  const Json& read = document["secrets"][0];
  EXPECT_EQ(read["name"], "0100010002ff");
  EXPECT_EQ(read["secret"]["2"], annex["secret of 0100010002ff"]);
  EXPECT_EQ(read["session_secret"], annex["its session secret"]);
  EXPECT_EQ(read["key"].get<std::string>() + read["iv"].get<std::string>(), annex["its key, iv"]);
  EXPECT_EQ(document["joins"][0], annex["JOIN on hop 0"]);
  const Json& data = document["steps"][0]["records"];
  EXPECT_EQ(data[0]["frame"], annex["DATA on hop 0: context 1, EOM, exchange 0, seq 0, content \"account 12\""]);
  EXPECT_EQ(data[1]["hop_tag"], annex["the same on hop 1: only the hop tag differs"]);
  EXPECT_EQ(document["steps"][1]["records"][0]["frame"], annex["FIN on hop 0: context 1, seq 1"]);
  EXPECT_EQ(annex.size(), 9U) << "the annex has something that this test does not compute";
}

/// The words of a table's column "made as".
std::string made_as(const std::string& making) {
  if (making == "both_ends") return "secret(e2e)";
  if (making == "client_alone") return "part(client)";
  return making == "server_alone" ? "part(server)" : "halves";
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> out;
  std::istringstream cells{row};
  for (std::string cell; std::getline(cells, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(' ');
    out.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return out;
}

TEST(VectorsAnnex, the_nine_secrets_of_the_first_example_are_those) {
  auto annex = annex_c();
  const Json secrets = annex_document(octets_of_hex(annex["Hello body (122 octets)"]))["secrets"];
  std::istringstream lines{section("**Example: N = 1", "**Example: N = 3")};
  std::size_t row = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto cells = cells_of(line);  // | item | what | holders | made as | given by |
    if (cells.size() != 6 || !cells[1].starts_with("0")) continue;
    ASSERT_LT(row, secrets.size());
    const Json& secret = secrets[row++];
    std::string name = cells[1];
    std::erase(name, ' ');
    EXPECT_EQ(secret["name"], name);
    EXPECT_EQ(made_as(secret["making"]), cells[4]) << name;
    std::set<std::string> holders, meant;
    for (const Json& holder : secret["holders"]) holders.insert(holder == 0 ? "client" : holder == 2 ? "server" : "M1");
    std::istringstream words{cells[3]};
    for (std::string word; words >> word;) meant.insert(word.ends_with(',') ? word.substr(0, word.size() - 1) : word);
    EXPECT_EQ(holders, meant) << name;
    EXPECT_EQ(!secret["client_part"].is_null(), cells[5] == "client") << name;
    EXPECT_EQ(!secret["server_part"].is_null(), cells[5] == "server") << name;
  }
  EXPECT_EQ(row, 9U);
  EXPECT_EQ(secrets.size(), 9U);
}

std::vector<std::string> names(const Json& object) {
  std::vector<std::string> out;
  for (const auto& [name, value] : object.items()) out.push_back(name);
  return out;
}

/// Direction c2s of the second example, which docs/vectors/n3-flows.json is.
TEST(VectorsAnnex, the_tags_and_flows_of_the_second_example_are_those) {
  Json inputs;
  for (const auto& [name, one] : own_inputs()) {
    if (name == "n3-flows") inputs = one;
  }
  const auto document = compute(path_format, inputs);
  ASSERT_TRUE(document);
  using List = std::vector<std::string>;
  std::map<std::pair<int, int>, std::set<std::uint64_t>> sequences;  // (context, sink's hop) -> what the sink saw
  for (std::size_t i = 0; i < inputs["steps"].size(); ++i) {
    const Json& said = inputs["steps"][i];
    if (said["direction"] != "c2s" || said.value("context", 0) != 3) continue;
    const Json& first = (*document)["steps"][i]["records"][0];
    EXPECT_EQ(names(first["verify"]), (List{"1", "2", "3", "4"}));
    EXPECT_EQ(names(first["witness"]), (List{"1", "2", "3"}));
    if (said["at"].empty()) continue;
    const Json& stone = (*document)["steps"][i]["records"][1];
    EXPECT_EQ(stone["redactor"], 1);
    EXPECT_EQ(names(stone["redact"]), (List{"2", "3", "4"}));
    EXPECT_EQ(names(stone["witness"]), (List{"2", "3"}));
  }
  // Contexts 2 and 6 share one sequence from M3 to the server as they do from the client to M3.
  std::vector<std::uint64_t> shared;
  for (const Json& step : (*document)["steps"]) {
    for (const Json& taken : step["delivered"]) {
      const bool c2s = step["records"].back()["hop"] == 3;
      if (c2s && (taken["context"] == 2 || taken["context"] == 6)) shared.push_back(taken["seq"].get<std::uint64_t>());
    }
  }
  EXPECT_EQ(shared, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));  // two records each and the FIN on context 2
}

}  // namespace
}  // namespace louver::vectors
