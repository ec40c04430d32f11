#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "crypto/token_signature.h"

namespace louver::filter::validate {

/// When a token counts. What it says of its own algorithm or key is never followed.
struct TokenRules {
  crypto::TokenAlgorithm algorithm{};
  std::shared_ptr<const crypto::TokenKey> key = {};
  std::optional<std::string> issuer = {};    // `iss` is exactly this
  std::optional<std::string> audience = {};  // `aud` is this or holds it
  std::chrono::seconds leeway{};             // by which clocks may differ
};

/// Looks at a JSON Web Token in the compact form (RFC 7519): signature, `exp`, which it must have, `nbf`, `iss`, `aud`.
/// @fault blocked_by_policy  the detail holds nothing of the token
Result<> check_token(std::string_view token, const TokenRules& rules, WallTime now);

}  // namespace louver::filter::validate
