#pragma once

#include <string>
#include <vector>

namespace louver::config {

/// One key of the schema, for documents.
struct KeyInfo {
  std::string table;  // "[[route.middlebox]]"; empty at the top of the file
  std::string roles;  // "all" or names
  std::string key;
  std::string type;
  std::string fallback;  // in TOML or in words; empty for a required key
  bool required = false;
  std::string description;
};

/// Every key that any file may have, table by table.
std::vector<KeyInfo> all_keys();

/// The same in Markdown: what stands between the two marks in docs/operations.md.
std::string key_table();

inline constexpr const char* key_table_begin = "<!-- keys: written by ./dev docs from src/config/schema.h -->\n";
inline constexpr const char* key_table_end = "<!-- end of keys -->\n";

}  // namespace louver::config
