#pragma once

#include "profile/http1/contexts.h"
#include "profile/http1/lift/contexts.h"
#include "profile/stream1/codec.h"
#include "session/terms.h"

namespace louver::role {

/// The ids that an association's Hello gave to a profile's contexts. Whoever calls has checked has_contexts().
profile::http1::ContextIds http1_ids(const session::Terms& terms);
profile::stream1::ContextIds stream1_ids(const session::Terms& terms);

/// Those of them that carry trailers, if these terms have both.
std::optional<profile::http1::TrailerIds> trailer_ids(const session::Terms& terms);

/// What terms may have beside their profile's contexts.
struct MoreContexts {
  const profile::http1::FieldContexts& fields;
  bool trailers = false;
};

/// Whether these terms have the profile's contexts and beside them none but those of `more`, each in its directions;
/// those for trailers are both there or neither.
bool has_contexts(const session::Terms& terms, const session::ProfileTraits& profile, const MoreContexts& more);

}  // namespace louver::role
