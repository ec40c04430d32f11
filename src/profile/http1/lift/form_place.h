#pragma once

#include "profile/http1/lift/found.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// Finds fields in an application/x-www-form-urlencoded body. The body must be names and values with `=` between and
/// `&` behind, `%` only before two hexadecimal digits, and no `;`, which some servers take for `&`. What is looked for
/// may stand there once, with a value.
/// @return what is wrong with it
Verdict find_in_form(std::string_view body, std::span<const FieldContext* const> sources, FoundValues& out);

/// A value as browsers write it: `+` for a blank, `%` for all but letters, digits and `*-._`.
std::string form_text(std::string_view value);

}  // namespace louver::profile::http1
