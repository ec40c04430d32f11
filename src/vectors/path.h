#pragma once

#include <memory>

#include "session/session_keys.h"
#include "vectors/inputs.h"

namespace louver::vectors {

/// Everybody on one path: what all know, and each party's own secrets.
struct Path {
  std::vector<std::unique_ptr<session::Agreement>> parties;  // by index; session::KeySource points to them
  std::vector<session::Item> items;
  session::CounterLimits counters;
  SessionNumber session{};

  std::size_t middleboxes() const { return parties.size() - 2; }
  std::size_t server() const { return parties.size() - 1; }
  session::KeySource keys(std::size_t party) const { return {*parties[party], session, counters}; }
  const session::Agreement& client() const { return *parties.front(); }
  const session::Terms& terms() const { return client().terms; }
};

/// From what the secrets of an association are made. A seed is there if and only if something is made of it.
struct Roots {
  Buffer e2e;
  std::optional<Buffer> client_seed, server_seed;
};

/// Both endpoints' secrets, and each middlebox's from the Keys that both would send it. docs/protocol.md §5
/// @fault bad_value: a root has not the suite's length, a seed is missing or nothing is made of it
Result<Path> make_path(const Roots& roots, const session::Terms& terms, const wire::Hash& manifest_hash);

/// Each secret of the path: name, holders, parts, digest, what a session makes of it.
Json secrets_of(const Roots& roots, const Path& path);

/// The JOIN frame on each hop. docs/protocol.md §7
Result<Json> joins_of(const Path& path, std::uint32_t alive);

}  // namespace louver::vectors
