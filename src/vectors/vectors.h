#pragma once

#include "vectors/path.h"

namespace louver::vectors {

/// A document of format louver-vectors/1 from its inputs. @fault as compute()
Result<Json> compute_path(const Place& inputs);

/// A document of format louver-session/1 from its inputs. @fault as compute()
Result<Json> compute_session(const Place& inputs);

/// As compute_path where the agreement is given instead of a manifest: all members but those that lead to the
/// manifest's hash.
Result<Json> compute_agreed(const Inputs& inputs, const session::Terms& terms, const wire::Hash& manifest_hash);

}  // namespace louver::vectors
