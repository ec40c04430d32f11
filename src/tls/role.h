#pragma once

#include <optional>
#include <string_view>

#include "tls/certificate.h"

namespace louver::tls {

inline constexpr Role all_roles[] = {Role::client, Role::middlebox, Role::server};

/// The extended key usage of a role, in dotted form. docs/protocol.md §4 "Numbers"
///
/// 2.999 is the example arc, until an enterprise number is registered. Components stay below 2^31: Go and GnuTLS cannot
/// parse larger ones.
const char* usage_oid(Role role);
/// The role whose usage this is; none for every other key usage.
std::optional<Role> role_of_usage(std::string_view oid);

}  // namespace louver::tls
