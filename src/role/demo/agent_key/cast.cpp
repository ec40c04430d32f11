#include "role/demo/agent_key/cast.h"

#include "role/demo/toml_text.h"

namespace louver::role::demo::agent_key {

/// Its log stands before the filter that has the key: of requests it shows the placeholder, of answers what passed.
std::string vault_text(const std::string& directory, std::uint16_t next, bool watches) {
  return middlebox_text(directory, path[vault_at], path[server_at], next) + "\n[[filter]]\n" +
         toml_line("type", toml_text("secret")) + toml_line("hosts", "[" + toml_text(host) + "]") +
         toml_line("paths", "[" + toml_text(key_path) + "]") +
         toml_line("file", toml_text(directory + "/" + key_file)) + toml_line("placeholder", toml_text(placeholder)) +
         toml_line("watch_answers", watches ? "true" : "false");
}

std::string guard_text(const std::string& directory, std::uint16_t next) {
  return middlebox_text(directory, path[guard_at], path[vault_at], next) + "\n[[filter]]\n" +
         toml_line("type", toml_text("scan")) + toml_line("contexts", "[" + toml_text("response-body") + "]") +
         toml_line("on_match", toml_text("replace")) + "[[filter.rules]]\n" + toml_line("name", toml_text("email")) +
         toml_line("pattern", "'[A-Za-z0-9._%+-]{1,32}@[A-Za-z0-9-]{1,32}[.][A-Za-z]{2,8}'");
}

}  // namespace louver::role::demo::agent_key
