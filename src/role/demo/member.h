#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Who takes part in a demonstration, and the configuration files of such members.
namespace louver::role::demo {

struct Granted {
  std::string_view context, grant;
};

struct Member {
  std::string_view role, name, does;
  std::uint16_t port;  // by which the parties know each other in the Hello; where it listens only `connect` says
  std::array<Granted, 6> grants = {};  // empty ones behind

  /// Empty if there is none.
  std::string_view grant_on(std::string_view context) const;
};

// Files: `directory` has pki/ in it, `next` is the port where the next party listens.

/// Certificate, anchors, log and, as the last table, [limits].
std::string common_text(const std::string& directory, const Member& member);

std::string middlebox_text(const std::string& directory, const Member& member, const Member& next_member,
                           std::uint16_t next);
/// @param path  the agent, the middleboxes, the gateway
std::string gateway_text(const std::string& directory, std::span<const Member> path, std::uint16_t origin);
/// A route over the path. The most that is offered is the least that is taken: an association that is open has these
/// grants and no others. What is written behind it belongs to the last [[route.middlebox]].
/// @param more  keys of the route
std::string agent_text(const std::string& directory, std::span<const Member> path, std::uint16_t next,
                       std::string_view more = {});

}  // namespace louver::role::demo
