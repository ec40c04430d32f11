#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace louver::filter::http {

/// The lines of a message of `request-credentials`: views of it. docs/protocol.md, annex http/1
struct CredentialLine {
  std::string_view name, value;
};
/// @fault blocked_by_policy  any other form; the detail holds nothing of it
Result<std::vector<CredentialLine>> parse_credentials(Bytes message);

}  // namespace louver::filter::http
