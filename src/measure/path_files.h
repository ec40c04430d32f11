#pragma once

#include <string>

#include "role/demo/member.h"

/// Who takes part in `louver bench`, and what the configuration files say.
namespace louver::measure {

inline constexpr std::array<role::demo::Member, 4> members = {{
    {"agent", "grants.example", "has a route for each grant", 0},
    {"agent", "alice.example", "has one route", 0},
    {"middlebox", "box.example", "is measured", 4431},
    {"gateway", "gate.example", "hands the traffic to the origin", 4432},
}};
inline constexpr std::size_t grants_at = 0, alice_at = 1, box_at = 2, gate_at = 3;

/// `directory` has pki/ in it; ports are those at which the next party listens.
std::string gateway_file(const std::string& directory, std::uint16_t origin);
std::string middlebox_file(const std::string& directory, std::uint16_t gateway);
/// @param place   of the agent in `members`
/// @param grants  a route, with a listener, for each
std::string agent_file(const std::string& directory, std::size_t place, std::uint16_t middlebox,
                       std::span<const std::string_view> grants);
/// Where the agent takes commands.
std::string control_socket(const std::string& directory, std::size_t place);

}  // namespace louver::measure
