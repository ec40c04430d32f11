#pragma once

#include <span>
#include <string_view>

#include "session/profile_traits.h"

namespace louver::profile {

/// Every profile of this program, the default one (`stream/1`) first.
std::span<const session::ProfileTraits> profiles();

/// @param name  as in the Hello's extension `profile`
/// @return null if there is no such profile; lives as long as the program
const session::ProfileTraits* find_profile(std::string_view name);

}  // namespace louver::profile
