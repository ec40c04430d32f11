#pragma once

#include <string>
#include <string_view>

#include "profile/http1/head.h"

namespace louver::profile::http1 {

/// A response that Louver itself makes: plain text that cannot be sniffed into anything else, is stored nowhere, and
/// holds nothing of the request (HT-15).
struct ErrorAnswer {
  ResponseHead head;
  std::string body;
};

/// @param reason  shown to the user; anything outside printable ASCII becomes '?', and 256 octets are enough
ErrorAnswer make_error_answer(unsigned status, std::string_view reason);

/// The standard phrase, or "Error".
std::string_view reason_phrase(unsigned status);

}  // namespace louver::profile::http1
