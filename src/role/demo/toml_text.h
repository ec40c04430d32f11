#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Lines of the configuration files that demonstrations write; none of their values needs an escape.
namespace louver::role::demo {

std::string toml_text(std::string_view text);
std::string toml_line(std::string_view key, std::string_view value);
/// "127.0.0.1:PORT" as text of TOML; port 0 is any free one.
std::string loopback_text(std::uint16_t port);

}  // namespace louver::role::demo
