#include "vectors/document.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace louver::vectors {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream file{std::string{LOUVER_SOURCE_DIR} + "/docs/vectors/" + name + ".json"};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Json document(const std::string& name) {
  auto parsed = parse(text_of(name));
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : Json{};
}

std::vector<std::string> own_names() {
  std::vector<std::string> out;
  for (const auto& [name, inputs] : own_inputs()) out.push_back(name);
  return out;
}

/// Every leaf: what is no container, and empty containers.
std::vector<std::string> leaves(const Json& json) {
  std::vector<std::string> out;
  const Json flat = json.flatten();
  for (const auto& [path, value] : flat.items()) out.push_back(path);
  return out;
}

/// Another hexadecimal digit, another number, the other truth value; something else in the place of nothing.
void change(Json& leaf, std::size_t at) {
  if (leaf.is_string() && !leaf.get_ref<const std::string&>().empty()) {
    auto& text = leaf.get_ref<std::string&>();
    char& digit = text[at % text.size()];
    digit = digit == '0' ? '1' : '0';
  } else if (leaf.is_number_unsigned()) {
    leaf = leaf.get<std::uint64_t>() ^ 1;
  } else if (leaf.is_boolean()) {
    leaf = !leaf.get<bool>();
  } else {
    leaf = "00";
  }
}

TEST(Vectors, the_files_are_what_is_computed) {
  for (const auto& [name, inputs] : own_inputs()) {
    const auto computed = compute(path_format, inputs);
    ASSERT_TRUE(computed) << name << ": " << computed.error().detail;
    EXPECT_TRUE(text_of(name) == computed->dump(1) + "\n")
        << name << ": `louver vectors make docs/vectors` writes it anew";
  }
}

TEST(Vectors, each_changed_member_is_named) {
  for (const std::string& name : own_names()) {
    const Json right = document(name);
    Json changed = right;
    for (const std::string& path : leaves(right)) {
      if (path.starts_with("/inputs/") || path == "/format") continue;
      const Json::json_pointer place{path};
      for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::size_t{1} << 20}) {
        change(changed[place], at);
        const auto found = name == "n1-redact" ? verify(changed) : difference(changed, right);
        ASSERT_TRUE(found) << name << path;
        ASSERT_EQ(*found, std::vector{path + ": differs from what is computed"}) << name;
        changed[place] = right[place];
      }
    }
  }
}

/// Either the inputs are refused, in words that name a place in them, or something that follows from them differs.
TEST(Vectors, each_changed_input_is_noticed) {
  for (const char* name : {"n1-redact", "n1-write", "n2-http1"}) {
    const Json right = document(name);
    for (const std::string& path : leaves(right["inputs"])) {
      Json changed = right;
      change(changed["inputs"][Json::json_pointer{path}], 1U << 20);
      const auto found = verify(changed);
      if (found) {
        ASSERT_FALSE(found->empty()) << name << path;
      } else {
        ASSERT_TRUE(found.error().detail.starts_with("/inputs/")) << name << path << ": " << found.error().detail;
      }
    }
  }
}

TEST(Vectors, a_changed_octet_anywhere_in_hello_or_manifest_is_noticed) {
  const Json right = document("n1-inspect");
  for (const char* member : {"hello", "manifest"}) {
    const std::size_t digits = right["inputs"][member].get_ref<const std::string&>().size();
    for (std::size_t at = 0; at < digits; ++at) {
      Json changed = right;
      change(changed["inputs"][member], at);
      const auto found = verify(changed);
      ASSERT_TRUE(!found || !found->empty()) << member << ' ' << at;
    }
  }
}

/// Whatever stands in a member's place, the answer is words about that member; nothing is converted to what is wanted.
TEST(Vectors, an_input_of_another_type_is_refused) {
  const Json right = document("n1-redact");
  const std::vector<Json> others = {nullptr,
                                    -1,
                                    1.5,
                                    1e300,
                                    18446744073709551615U,
                                    "0g",
                                    "abc",
                                    "ABCD",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1}),
                                    {{"redact", true}, {"replace", "00"}},
                                    {{"0", {{"redact", true}}}}};
  for (const std::string& path : leaves(right["inputs"])) {
    for (const Json& other : others) {
      Json changed = right;
      Json& leaf = changed["inputs"][Json::json_pointer{path}];
      if (leaf == other) continue;
      leaf = other;
      const auto found = verify(changed);
      ASSERT_FALSE(found) << path << ' ' << other;
      ASSERT_TRUE(found.error().detail.starts_with("/inputs" + path)) << path << ": " << found.error().detail;
    }
  }
}

TEST(Vectors, a_missing_or_unknown_member_of_the_inputs_is_refused) {
  const Json right = document("n1-redact");
  for (const auto& [name, value] : right["inputs"].items()) {
    Json changed = right;
    changed["inputs"].erase(name);
    const auto found = verify(changed);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().detail, "/inputs/" + name + ": missing");
  }
  for (const char* path :
       {"/inputs/more", "/inputs/steps/0/more", "/inputs/steps/1/at/1/more", "/inputs/steps/3/more"}) {
    Json changed = right;
    changed[Json::json_pointer{path}] = 1;
    EXPECT_FALSE(verify(changed)) << path;
  }
}

TEST(Vectors, a_missing_or_unknown_member_elsewhere_is_named) {
  const Json right = document("n1-read");
  for (const auto& [name, value] : right.items()) {
    if (name == "inputs" || name == "format") continue;
    Json changed = right;
    changed.erase(name);
    EXPECT_EQ(difference(changed, right), std::vector{"/" + name + ": missing"});
  }
  Json changed = right;
  changed["secrets"][0]["mo\nre"] = 1;
  EXPECT_EQ(difference(changed, right), std::vector{std::string{"/secrets/0/mo?re: unknown member"}});
}

TEST(Vectors, a_seed_that_nothing_is_made_of_is_refused) {
  Json changed = document("n0-stream");
  changed["inputs"]["client_seed"] = to_hex(Buffer(32));
  const auto found = verify(changed);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().detail, "/inputs/client_seed: no secret of this path is made of it");
}

TEST(Vectors, a_receipt_key_too_many_or_too_few_is_refused) {
  const auto refusal = [](const char* name, const char* path, const Json& value) {
    Json changed = document(name);
    Json& inputs = changed["inputs"];
    if (value.is_discarded()) {
      inputs[Json::json_pointer{path}.parent_pointer()].erase(Json::json_pointer{path}.back());
    } else {
      inputs[Json::json_pointer{path}] = value;
    }
    const auto found = verify(changed);
    return found ? std::string{} : found.error().detail;
  };
  const Json gone(Json::value_t::discarded);
  const std::string key = to_hex(Buffer(32));
  EXPECT_EQ(refusal("n1-write", "/receipt_keys", gone), "/inputs/receipt_keys: missing");
  EXPECT_EQ(refusal("n1-write", "/receipt_keys/1", gone), "/inputs/receipt_keys: none of party 1, which states");
  EXPECT_EQ(refusal("n1-read", "/receipt_keys", {{"0", key}}),
            "/inputs/receipt_keys: nothing is audited, so nobody signs");
  EXPECT_EQ(refusal("n1-write", "/receipt_keys/3", key), "/inputs/receipt_keys: one of a party that states nothing");
  EXPECT_EQ(refusal("n1-write", "/receipt_keys/1", to_hex(Buffer(31))).find("/inputs/receipt_keys/1: "), 0U);
  for (const char* name : {"-1", "01", "", "x", "10", "256", "99999999999999999999"})
    EXPECT_EQ(refusal("n1-write", (std::string{"/receipt_keys/"} + name).c_str(), key),
              "/inputs/receipt_keys/" + std::string{name} + ": not the number of a party");
}

TEST(Vectors, a_middlebox_that_cannot_do_what_a_step_says_is_refused) {
  const Json redacts = document("n1-redact")["inputs"]["steps"][1]["at"];
  const Json replaces = document("n1-write")["inputs"]["steps"][1]["at"];
  const std::vector<std::pair<const char*, Json>> wrong = {{"n1-read", redacts},
                                                           {"n1-none", redacts},
                                                           {"n1-write", redacts},
                                                           {"n1-redact", replaces},
                                                           {"n0-stream", redacts}};
  for (const auto& [name, at] : wrong) {
    Json changed = document(name);
    changed["inputs"]["steps"][1]["at"] = at;
    const auto found = verify(changed);
    ASSERT_FALSE(found) << name;
    EXPECT_TRUE(found.error().detail.starts_with("/inputs/steps/1: ")) << name << ": " << found.error().detail;
  }
}

TEST(Vectors, another_format_is_refused) {
  for (const Json& other : {Json{"louver-vectors/2"}, Json{1}, Json{nullptr}}) {
    Json changed = document("n0-stream");
    changed["format"] = other;
    const auto found = verify(changed);
    ASSERT_FALSE(found);
    EXPECT_TRUE(found.error().detail.starts_with("/format: "));
  }
  for (const char* text : {"[]", "1", "\"x\"", "null", "{}", "{\"format\":\"louver-vectors/1\"}"}) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(verify(*parsed)) << text;
  }
}

TEST(Vectors, text_that_is_no_document_is_refused) {
  for (const char* text : {"", " ", "{", "{]", "{\"a\":1,}", "nul", "{\"a\":1e999}", "\"\xff\"", "{} {}"})
    EXPECT_FALSE(parse(text)) << text;
  EXPECT_FALSE(parse(R"({"a":1,"a":1})"));
  EXPECT_FALSE(parse(R"({"b":{"a":1,"c":[{"a":1}],"a":2}})"));
  EXPECT_TRUE(parse(R"({"a":{"a":1},"b":{"a":[{"a":1},{"a":2}]}})"));
  EXPECT_FALSE(parse(std::string(file_octets_most + 1, ' ')));
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse(nested(16)));
  EXPECT_TRUE(parse(std::string(16, '[') + '1' + std::string(16, ']')));
  EXPECT_FALSE(parse(nested(17)));
  EXPECT_FALSE(parse(nested(file_octets_most / 2)));
  EXPECT_FALSE(parse(std::string(file_octets_most, '[')));
}

}  // namespace
}  // namespace louver::vectors
