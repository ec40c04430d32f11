#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "filter/http/credentials.h"
#include "tls/secret_bytes.h"

namespace louver::filter::secret {

using http::CredentialLine;

/// The message with `placeholder` replaced wherever it stands in a field of that name; nothing if it stands nowhere.
std::optional<tls::SecretBytes> replace_placeholder(const std::vector<CredentialLine>& lines, std::string_view field,
                                                    std::string_view placeholder, Bytes credential);
/// The message with one field of that name, which holds scheme and credential.
tls::SecretBytes set_field(const std::vector<CredentialLine>& lines, std::string_view field, std::string_view scheme,
                           Bytes credential);

}  // namespace louver::filter::secret
