#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/strong.h"
#include "vectors/place.h"

namespace louver::vectors {

/// What one middlebox does with the part that a step sends.
struct Action {
  enum class Kind : std::uint8_t { redact, replace };
  PartyIndex by{};
  Kind kind{};
  Buffer with{};  // replace
};

/// What the author of a direction does: hands over a part, or ends all its flows.
struct Step {
  Direction direction{};
  bool finish = false;
  ContextId context{};
  Exchange exchange{};
  Buffer plaintext{};
  bool end = false;
  std::vector<Action> actions{};
};

/// The member `inputs` of a document of format louver-vectors/1, read strictly. docs/vectors/README.md
struct Inputs {
  Buffer hello, manifest, e2e;
  std::optional<Buffer> client_seed, server_seed;
  SessionNumber session{};
  std::uint32_t alive = 0;
  unsigned epoch_shift = 0;
  std::vector<Step> steps;
  std::optional<std::map<PartyIndex, Buffer>> receipt_keys;  // Ed25519 private seeds
};

/// @fault bad_value with the path of what is missing, unknown or wrong
Result<Inputs> read_inputs(const Place& place);

}  // namespace louver::vectors
