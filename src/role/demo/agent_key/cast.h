#pragma once

#include "role/demo/member.h"

/// `louver demo agent-key`: who takes part, and what the configuration files say.
namespace louver::role::demo::agent_key {

/// The path, in order.
inline constexpr std::array<Member, 4> path = {{
    {"agent", "laptop.example", "runs a program that has no key, only a placeholder", 0},
    {"middlebox",
     "guard.example",
     "reads prompts, blacks out e-mail addresses in answers",
     4431,
     {{{"request-head", "read"}, {"request-body", "read"}, {"response-head", "read"}, {"response-body", "write"}}}},
    {"middlebox",
     "vault.example",
     "has the key, puts it in, and watches that it does not come back",
     4432,
     {{{"request-head", "inspect"},
       {"request-credentials", "write"},
       {"response-head", "inspect"},
       {"response-credentials", "inspect"},
       {"response-body", "inspect"}}}},
    {"gateway", "model.example", "hands the requests to the model", 4433},
}};
inline constexpr std::size_t client_at = 0, guard_at = 1, vault_at = 2, server_at = 3;

/// The host, and where the key may go on it.
inline constexpr std::string_view host = "api.model.example", key_path = "/v1";
inline constexpr std::string_view placeholder = "PLACEHOLDER-OF-THE-KEY";
inline constexpr std::string_view prompt = "Where is order 4711? I am Jane and I moved last week.";
inline constexpr std::string_view address = "jane.doe@example.org";
inline constexpr const char* key_file = "model.key";

/// @param next  the port of the next party; `directory` has the key_file too
std::string vault_text(const std::string& directory, std::uint16_t next, bool watches);
std::string guard_text(const std::string& directory, std::uint16_t next);

}  // namespace louver::role::demo::agent_key
