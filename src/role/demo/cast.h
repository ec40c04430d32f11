#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// Who takes part in the demonstration and what its configuration files say.
namespace louver::role::demo {

struct CastMember {
  std::string_view role;  // of its process: the subcommand
  std::string_view name;
  std::string_view operator_name, purpose;
  std::string_view context, grant;  // the only grant that it has; empty at the ends
};

/// The path, in order.
inline constexpr std::array<CastMember, 4> cast = {{
    {"agent", "alice.example", "", "takes in what the local application asks", "", ""},
    {"middlebox", "scanner.example", "Example Security", "looks for attacks in the heads of requests", "request-head",
     "read"},
    {"middlebox", "editor.example", "Example Edge", "sets header fields of responses", "response-head", "write"},
    {"gateway", "orders.example", "", "hands the requests to the origin", "", ""},
}};
inline constexpr const CastMember &client = cast[0], &scanner = cast[1], &editor = cast[2], &server = cast[3];

/// The header field that the editor adds, and the one that it takes out.
inline constexpr std::string_view added_field = "x-edited-by", added_value = "editor.example", removed_field = "server";
/// The host of the attempts: always served by the embedded origin.
inline constexpr std::string_view attempts_host = "attempts.example";

/// What stands at the same place in all files.
struct Place {
  std::string directory;  // with pki/ in it
};
std::string gateway_file(const Place& place, std::uint16_t embedded_origin, const std::string& default_origin);
std::string editor_file(const Place& place, std::uint16_t gateway);
std::string scanner_file(const Place& place, std::uint16_t editor);
std::string agent_file(const Place& place, std::uint16_t scanner);

}  // namespace louver::role::demo
