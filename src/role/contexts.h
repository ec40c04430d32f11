#pragma once

#include "profile/http1/contexts.h"
#include "profile/http1/lift/contexts.h"
#include "profile/stream1/codec.h"
#include "session/terms.h"

namespace louver::role {

/// The ids that an association's Hello gave to a profile's contexts. Whoever calls has checked has_contexts().
profile::http1::ContextIds http1_ids(const session::Terms& terms);
profile::stream1::ContextIds stream1_ids(const session::Terms& terms);

/// Whether these terms have the profile's contexts and beside them none but field contexts of ours, each in its
/// directions.
bool has_contexts(const session::Terms& terms, const session::ProfileTraits& profile,
                  const profile::http1::FieldContexts& fields);

}  // namespace louver::role
