#pragma once

#include <functional>

#include "base/secret.h"
#include "session/items.h"

namespace louver::session {

/// A secret of an association (docs/protocol.md §5), and the one that a session makes of it.
using ItemSecret = Secret<struct ItemSecretKind>;
using SessionSecret = Secret<struct SessionSecretKind>;
using EndToEndSecret = Secret<struct EndToEndKind>;
using Seed = Secret<struct SeedKind>;

/// The six octets that stand for an item in Expand-Label and digests.
std::array<std::byte, 6> octets_of(const wire::ItemName& name);

/// What one party holds of an association, by name; wiped when it goes.
class SecretTable {
 public:
  void add(const wire::ItemName& name, ItemSecret secret) { rows_.push_back({name, std::move(secret)}); }
  /// Null if this party does not hold it. Names were added ascending.
  const ItemSecret* find(const wire::ItemName& name) const;
  std::size_t size() const { return rows_.size(); }
  /// Calls `visit(name, secret)` for every row, in order.
  void for_each(const std::function<void(const wire::ItemName&, Bytes)>& visit) const {
    for (const Row& row : rows_) visit(row.name, row.secret.expose());
  }
  void erase() { rows_.clear(); }

  /// SHA-256("louver v1 secret" || ItemName || secret) of every row, in order: what Ready carries.
  std::vector<wire::DigestItem> digests() const;

 private:
  struct Row {
    wire::ItemName name;
    ItemSecret secret;
  };
  std::vector<Row> rows_;
};

/// The inputs from which an endpoint makes secrets; erased when its Keys are out.
struct EndpointInputs {
  EndToEndSecret e2e;
  Seed seed;
};

/// The secrets that `self`, an endpoint, holds. docs/protocol.md §5
SecretTable endpoint_secrets(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                             const EndpointInputs& inputs);

/// The items of the Keys from endpoint `self` to `middlebox`: whole secrets, or halves.
std::vector<wire::KeyItem> keys_for(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                                    PartyIndex middlebox, const EndpointInputs& inputs);

/// A middlebox's secrets from both Keys, which must hold exactly the items that its grants call for, each part of L
/// octets.
/// @fault items_differ, part_size (manifest_mismatch)
Result<SecretTable> assemble(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                             const std::vector<wire::KeyItem>& from_client,
                             const std::vector<wire::KeyItem>& from_server);

/// Expand-Label(secret, "session", uint64 s, L). docs/protocol.md §5
SessionSecret session_secret(const crypto::Suite& suite, const ItemSecret& secret, SessionNumber session);

}  // namespace louver::session
