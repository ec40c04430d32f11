#pragma once

#include "config/config.h"
#include "wire/announce.h"

namespace louver::config {

/// The most fresh starts with another middlebox that one association may take. docs/protocol.md §10
inline constexpr unsigned fresh_starts_most = 3;

/// The route with the middlebox that announced itself at its position: with what it wishes, but no more than the file
/// lists for its name. The announcement is a stranger's hint: its name must still be proved like any other.
/// @param route  as it was offered
/// @fault announced  the detail says why it is not acted on: not listed, another port, the route is full
Result<Route> admit_announced(const Route& route, const wire::Announce& announce);

/// What a middlebox of this configuration says to a Hello that does not name it, if its next party is on that route.
std::optional<wire::Announce> announcement_for(const Middlebox& middlebox, const wire::Hello& hello,
                                               const wire::Describe& describe);

}  // namespace louver::config
