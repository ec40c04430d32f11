#pragma once

#include <optional>
#include <string_view>

namespace louver::profile::http1 {

/// Why a message is not taken: the status a client is told, and a fixed text that holds nothing of the message (HT-15).
/// The gateway answers 502 for a refused response, whatever `status` says.
struct Refusal {
  unsigned status;
  std::string_view reason;  // a literal
};

/// Nothing: the check passed.
using Verdict = std::optional<Refusal>;

}  // namespace louver::profile::http1
