#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/secret_bytes.h"

namespace louver::filter::secret {

/// The lines of a message of `request-credentials`: views of it. docs/protocol.md, annex http/1
struct CredentialLine {
  std::string_view name, value;
};
/// @fault blocked_by_policy  any other form; the detail holds nothing of it
Result<std::vector<CredentialLine>> parse_credentials(Bytes message);

/// The message with `placeholder` replaced wherever it stands in a field of that name; nothing if it stands nowhere.
std::optional<tls::SecretBytes> replace_placeholder(const std::vector<CredentialLine>& lines, std::string_view field,
                                                    std::string_view placeholder, Bytes credential);
/// The message with one field of that name, which holds scheme and credential.
tls::SecretBytes set_field(const std::vector<CredentialLine>& lines, std::string_view field, std::string_view scheme,
                           Bytes credential);

}  // namespace louver::filter::secret
