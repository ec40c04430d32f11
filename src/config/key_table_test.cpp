#include "config/key_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace louver::config {
namespace {

const KeyInfo* find(const std::vector<KeyInfo>& keys, std::string_view table, std::string_view key,
                    std::string_view roles) {
  const auto found = std::ranges::find_if(
      keys, [&](const KeyInfo& k) { return k.table == table && k.key == key && k.roles == roles; });
  return found == keys.end() ? nullptr : &*found;
}

TEST(KeyTable, lists_every_key_once_with_words) {
  std::set<std::string> seen;
  for (const KeyInfo& key : all_keys()) {
    // filters of different types may have keys of one name: the type stands in front of the words
    const std::string type = key.table == "[[filter]]" ? key.description.substr(0, key.description.find(':')) : "";
    EXPECT_TRUE(seen.insert(key.roles + " " + key.table + " " + key.key + " " + type).second)
        << key.table << " " << key.key;
    EXPECT_FALSE(key.type.empty()) << key.key;
    EXPECT_FALSE(key.description.empty()) << key.key;
    EXPECT_EQ(key.description.find('|'), std::string::npos) << key.key;
    EXPECT_TRUE(!key.required || key.fallback.empty()) << key.key;
  }
  EXPECT_GT(seen.size(), 90U);
}

TEST(KeyTable, knows_types_defaults_and_roles) {
  const auto keys = all_keys();
  const KeyInfo* deadline = find(keys, "[limits]", "handshake_deadline", "every role");
  ASSERT_TRUE(deadline);
  EXPECT_EQ(deadline->fallback, "`\"10s\"`");
  EXPECT_EQ(deadline->type, "duration 100ms..2m");
  const KeyInfo* port = find(keys, "[[route.middlebox]]", "port", "agent");
  ASSERT_TRUE(port);
  EXPECT_TRUE(port->required);
  EXPECT_TRUE(find(keys, "[policy]", "clients", "gateway"));
  EXPECT_TRUE(find(keys, "[policy]", "servers", "middlebox"));
  EXPECT_FALSE(find(keys, "[policy]", "servers", "gateway"));
  EXPECT_TRUE(find(keys, "[[filter.rewrite_path]]", "from", "middlebox"));
}

/// `./dev docs` sets LOUVER_WRITE_DOCS, and this test writes the table instead of comparing it.
TEST(KeyTable, is_the_one_in_the_operations_manual) {
  const std::string path = LOUVER_SOURCE_DIR "/docs/operations.md";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " does not exist";
  std::stringstream read;
  read << std::ifstream(path).rdbuf();
  std::string text = read.str();
  const std::size_t begin = text.find(key_table_begin);
  const std::size_t end = text.find(key_table_end);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end)
      << "the marks of the table are missing";
  const std::size_t length = end + std::string_view{key_table_end}.size() - begin;
  if (std::getenv("LOUVER_WRITE_DOCS")) {
    text.replace(begin, length, key_table());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(begin, length), key_table()) << "the table is out of date: ./dev docs writes it anew";
}

}  // namespace
}  // namespace louver::config
