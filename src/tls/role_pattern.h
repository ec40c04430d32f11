#pragma once

#include <optional>
#include <string_view>

#include "tls/certificate.h"

namespace louver::tls {

/// Whether `uri` is what `pattern` says, compared octet by octet from end to end without any decoding. A '*' as the
/// pattern's whole last segment stands for one segment that is not empty. An empty pattern matches nothing. Both have
/// passed their checks (`role_pattern_fault`, `spiffe_id_fault`).
bool matches(std::string_view pattern, std::string_view uri);

/// Why an operator may not write `pattern`, in words.
std::optional<std::string> role_pattern_fault(std::string_view pattern);

/// Refuses patterns that are malformed, or of which two could match one id: then it would have two roles.
std::optional<std::string> role_patterns_fault(const RolePatterns& patterns);

/// The pattern of one role; empty if that role is not given by this anchor.
std::string_view pattern_of(const RolePatterns& patterns, Role role);

}  // namespace louver::tls
