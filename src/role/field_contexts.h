#pragma once

#include "config/config.h"
#include "profile/http1/lift/contexts.h"
#include "session/terms.h"

namespace louver::role {

/// The field contexts of a file as the profile takes them. Their ids count from `first_id` in the order of the file.
/// @fault configuration  a source that is none, two of one name or of one place, what is not for this direction or type
Result<profile::http1::FieldContexts> make_field_contexts(const std::vector<config::FieldContext>& listed,
                                                          std::uint8_t first_id);

/// Bits of a Hello's context: 1 c2s, 2 s2c.
std::uint8_t directions_of(const config::FieldContext& context);

/// Those of `allowed` that an association has, by the ids of its Hello.
profile::http1::FieldContexts fields_in(const session::Terms& terms, const profile::http1::FieldContexts& allowed);

}  // namespace louver::role
