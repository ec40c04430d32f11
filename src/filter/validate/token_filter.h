#pragma once

#include <functional>

#include "filter/filter.h"
#include "filter/validate/token.h"

namespace louver::filter::validate {

/// Stops every request that does not carry one good bearer token in `authorization`. Needs inspect on
/// request-credentials, which the far end uses only as a whole.
/// @param now  the time of day
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_token_filter(TokenRules rules, std::function<WallTime()> now);

}  // namespace louver::filter::validate
