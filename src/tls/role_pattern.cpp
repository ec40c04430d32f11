#include "tls/role_pattern.h"

#include "tls/names.h"
#include "tls/role.h"

namespace louver::tls {
namespace {

constexpr std::string_view any_segment = "/*";

/// "spiffe://a/b/*" is cut into "spiffe://a/b/" and true; a pattern without '*' stays whole.
struct Cut {
  std::string_view fixed;
  bool any_last_segment;
};
Cut cut(std::string_view pattern) {
  if (!pattern.ends_with(any_segment)) return {pattern, false};
  pattern.remove_suffix(1);
  return {pattern, true};
}

/// Two patterns overlap if one, its '*' left out or kept, is matched by the other.
bool overlap(std::string_view a, std::string_view b) {
  return !a.empty() && (a == b || matches(a, b) || matches(b, a));
}

}  // namespace

bool matches(std::string_view pattern, std::string_view uri) {
  if (pattern.empty()) return false;
  const auto [fixed, any_last_segment] = cut(pattern);
  if (!any_last_segment) return uri == fixed;
  if (!uri.starts_with(fixed)) return false;
  const std::string_view segment = uri.substr(fixed.size());
  return !segment.empty() && segment.find('/') == std::string_view::npos;
}

std::optional<std::string> role_pattern_fault(std::string_view pattern) {
  const auto [fixed, any_last_segment] = cut(pattern);
  const std::string example = std::string{fixed} + (any_last_segment ? "x" : "");
  if (auto fault = spiffe_id_fault(example)) {
    return *fault + "; write a SPIFFE id whose last segment, and only that, may be '*'";
  }
  return std::nullopt;
}

std::string_view pattern_of(const RolePatterns& patterns, Role role) {
  switch (role) {
    case Role::client:
      return patterns.client;
    case Role::middlebox:
      return patterns.middlebox;
    case Role::server:
      return patterns.server;
  }
  return {};
}

std::optional<std::string> role_patterns_fault(const RolePatterns& patterns) {
  for (Role role : all_roles) {
    const std::string_view pattern = pattern_of(patterns, role);
    if (pattern.empty()) continue;
    const auto here = "the pattern \"" + std::string{pattern} + "\" of role " + std::string{name_of(role)};
    if (auto fault = role_pattern_fault(pattern)) return here + " cannot be used: " + *fault;
    for (Role other : all_roles) {
      if (other != role && overlap(pattern, pattern_of(patterns, other))) {
        return here + " and that of role " + std::string{name_of(other)} +
               " can match the same id: give each role ids of its own";
      }
    }
  }
  return std::nullopt;
}

}  // namespace louver::tls
