#include "session/secrets.h"

#include "crypto/expand_label.h"

namespace louver::session {
namespace {

ItemSecret part_of(const Terms& terms, const wire::ItemName& name, const EndpointInputs& inputs) {
  return crypto::expand_secret<struct ItemSecretKind>(terms.suite(), inputs.seed.expose(), "part", octets_of(name));
}

/// The secret if this endpoint holds it (or would: a half otherwise).
ItemSecret make(const Terms& terms, const Item& item, const EndpointInputs& inputs) {
  if (item.making != Making::both_ends) return part_of(terms, item.name, inputs);
  return crypto::expand_secret<struct ItemSecretKind>(terms.suite(), inputs.e2e.expose(), "secret",
                                                      octets_of(item.name));
}

/// Walks one endpoint's items in step with what the plan calls for.
class KeysCursor {
 public:
  explicit KeysCursor(const std::vector<wire::KeyItem>& items) : items_(items) {}
  Result<Bytes> take(const wire::ItemName& name, std::size_t octets) {
    if (next_ == items_.size() || items_[next_].name != name)
      return Error{Fault::items_differ, "Keys lack an item of kind " + std::to_string(name.kind)};
    const Bytes part = items_[next_++].part.secret.expose();
    if (part.size() != octets) return Error{Fault::part_size, "a part of " + std::to_string(part.size()) + " octets"};
    return part;
  }
  Result<> finish() const {
    if (next_ != items_.size())
      return Error{Fault::items_differ, "Keys hold " + std::to_string(items_.size() - next_) + " items too many"};
    return {};
  }

 private:
  const std::vector<wire::KeyItem>& items_;
  std::size_t next_ = 0;
};

}  // namespace

std::array<std::byte, 6> octets_of(const wire::ItemName& name) {
  return {std::byte{name.kind}, std::byte{name.direction}, std::byte{name.context},
          std::byte{name.from}, std::byte{name.to},        std::byte{name.verifier}};
}

const ItemSecret* SecretTable::find(const wire::ItemName& name) const {
  const auto found = std::ranges::lower_bound(rows_, name, {}, &Row::name);
  return found == rows_.end() || found->name != name ? nullptr : &found->secret;
}

std::vector<wire::DigestItem> SecretTable::digests() const {
  std::vector<wire::DigestItem> out;
  for (const Row& row : rows_) {
    out.push_back({row.name, crypto::sha256({as_bytes("louver v1 secret"), octets_of(row.name), row.secret.expose()})});
  }
  return out;
}

SecretTable endpoint_secrets(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                             const EndpointInputs& inputs) {
  SecretTable out;
  for (const Item& item : items) {
    if (item.held_by(self)) out.add(item.name, make(terms, item, inputs));
  }
  return out;
}

std::vector<wire::KeyItem> keys_for(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                                    PartyIndex middlebox, const EndpointInputs& inputs) {
  std::vector<wire::KeyItem> out;
  for (const Item& item : items) {
    if (!item.held_by(middlebox) || !item.given_by(self)) continue;
    const ItemSecret secret = make(terms, item, inputs);
    out.push_back({item.name, {Secret<wire::PartKind>{secret.expose()}}});
  }
  return out;
}

Result<SecretTable> assemble(const Terms& terms, const std::vector<Item>& items, PartyIndex self,
                             const std::vector<wire::KeyItem>& from_client,
                             const std::vector<wire::KeyItem>& from_server) {
  const std::size_t octets = terms.suite().hash_octets;
  KeysCursor client{from_client};
  KeysCursor server{from_server};
  SecretTable out;
  for (const Item& item : items) {
    if (!item.held_by(self)) continue;
    if (item.making == Making::halves) {
      LOUVER_ASSIGN(const Bytes client_half, client.take(item.name, octets));
      LOUVER_ASSIGN(const Bytes server_half, server.take(item.name, octets));
      out.add(item.name, crypto::extract<struct ItemSecretKind>(terms.suite(), client_half, server_half));
    } else {
      LOUVER_ASSIGN(const Bytes whole, (item.given_by(PartyIndex{0}) ? client : server).take(item.name, octets));
      out.add(item.name, ItemSecret{whole});
    }
  }
  LOUVER_TRY(client.finish());
  LOUVER_TRY(server.finish());
  return out;
}

SessionSecret session_secret(const crypto::Suite& suite, const ItemSecret& secret, SessionNumber session) {
  std::array<std::byte, 8> number;
  for (std::size_t i = 0; i < 8; ++i) number[i] = static_cast<std::byte>(raw(session) >> (56 - 8 * i));
  return crypto::expand_secret<struct SessionSecretKind>(suite, secret.expose(), "session", number);
}

}  // namespace louver::session
