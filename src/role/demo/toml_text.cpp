#include "role/demo/toml_text.h"

namespace louver::role::demo {

std::string toml_text(std::string_view text) { return "\"" + std::string{text} + "\""; }

std::string toml_line(std::string_view key, std::string_view value) {
  return std::string{key} + " = " + std::string{value} + "\n";
}

std::string loopback_text(std::uint16_t port) { return toml_text("127.0.0.1:" + std::to_string(port)); }

}  // namespace louver::role::demo
