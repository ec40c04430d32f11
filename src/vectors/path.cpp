#include "vectors/path.h"

#include <map>

#include "crypto/expand_label.h"
#include "session/join_tags.h"

namespace louver::vectors {
namespace {

using session::Item;
using session::ItemKind;
using session::Making;

/// Compute stays bounded whatever a file asks for.
constexpr std::size_t contexts_most = 32;

bool is_made_of_seed(const std::vector<Item>& items, Making alone) {
  return std::ranges::any_of(items,
                             [&](const Item& item) { return item.making == alone || item.making == Making::halves; });
}

/// The seed, or zeros where nothing is made of it.
Result<session::Seed> seed_of(const std::optional<Buffer>& given, bool used, std::size_t octets,
                              const std::string& name) {
  if (given.has_value() != used)
    return Error{Fault::bad_value, name + (used ? ": missing" : ": no secret of this path is made of it")};
  if (!given) return session::Seed{octets};
  if (given->size() != octets)
    return Error{Fault::bad_value, name + ": " + std::to_string(octets) + " octets are wanted"};
  return session::Seed{Bytes{*given}};
}

struct BothInputs {
  session::EndpointInputs client, server;
};

Result<BothInputs> both_inputs(const Roots& roots, const session::Terms& terms, const std::vector<Item>& items) {
  const std::size_t octets = terms.suite().hash_octets;
  if (roots.e2e.size() != octets)
    return Error{Fault::bad_value, "e2e: " + std::to_string(octets) + " octets are wanted"};
  LOUVER_ASSIGN(session::Seed client,
                seed_of(roots.client_seed, is_made_of_seed(items, Making::client_alone), octets, "client_seed"));
  LOUVER_ASSIGN(session::Seed server,
                seed_of(roots.server_seed, is_made_of_seed(items, Making::server_alone), octets, "server_seed"));
  return BothInputs{{session::EndToEndSecret{Bytes{roots.e2e}}, std::move(client)},
                    {session::EndToEndSecret{Bytes{roots.e2e}}, std::move(server)}};
}

Result<session::SecretTable> secrets_at(const session::Terms& terms, const std::vector<Item>& items, PartyIndex self,
                                        const BothInputs& inputs) {
  if (terms.is_endpoint(self))
    return session::endpoint_secrets(terms, items, self, self == PartyIndex{0} ? inputs.client : inputs.server);
  return session::assemble(terms, items, self, session::keys_for(terms, items, PartyIndex{0}, self, inputs.client),
                           session::keys_for(terms, items, terms.server(), self, inputs.server));
}

/// What both endpoints put into their Keys, and every digest: each computed once.
struct Given {
  std::map<wire::ItemName, std::string> client, server, digests;
};

void add_parts(const Path& path, PartyIndex endpoint, const session::EndpointInputs& inputs,
               std::map<wire::ItemName, std::string>& to) {
  for (std::size_t i = 1; i <= path.middleboxes(); ++i) {
    const PartyIndex middlebox{static_cast<std::uint8_t>(i)};
    for (const wire::KeyItem& key : session::keys_for(path.terms(), path.items, endpoint, middlebox, inputs))
      to.emplace(key.name, to_hex(key.part.secret.expose()));
  }
}

Given given_of(const Path& path, const BothInputs& inputs) {
  Given out;
  add_parts(path, PartyIndex{0}, inputs.client, out.client);
  add_parts(path, path.terms().server(), inputs.server, out.server);
  for (const auto& party : path.parties) {
    for (const wire::DigestItem& item : party->secrets.digests()) out.digests.emplace(item.name, to_hex(item.digest));
  }
  return out;
}

Json find_or_null(const std::map<wire::ItemName, std::string>& in, const wire::ItemName& name) {
  const auto found = in.find(name);
  return found == in.end() ? Json(nullptr) : Json(found->second);
}

void add_key_and_iv(const crypto::Suite& suite, Bytes secret, Json& to) {
  Buffer key(suite.key_octets);
  Buffer iv(crypto::iv_octets);
  crypto::expand_label(suite, secret, "key", {}, key);
  crypto::expand_label(suite, secret, "iv", {}, iv);
  to["key"] = to_hex(key);
  to["iv"] = to_hex(iv);
}

/// The key of the tags of JOIN that this item keys: "join end" for item join, "join hop" for the hops of c2s.
void add_join_key(const crypto::Suite& suite, const wire::ItemName& name, Bytes secret, Json& to) {
  const bool is_join = name.kind == static_cast<std::uint8_t>(ItemKind::join);
  const bool is_hop = name.kind == static_cast<std::uint8_t>(ItemKind::hop) && name.direction == 0;
  if (!is_join && !is_hop) return;
  Buffer key(32);
  crypto::expand_label(suite, secret, is_join ? "join end" : "join hop", {}, key);
  to["join_key"] = to_hex(key);
}

/// The other items key HMACs: of JOINs and of audited messages.
bool keys_an_aead(const wire::ItemName& name) {
  const auto kind = static_cast<ItemKind>(name.kind);
  return kind != ItemKind::join && kind != ItemKind::audit && kind != ItemKind::end_audit;
}

/// docs/protocol.md §5 "key, iv", §6 "Epochs", §7
void add_keys(const crypto::Suite& suite, const wire::ItemName& name, Bytes session_secret, Json& to) {
  to["session_secret"] = to_hex(session_secret);
  if (keys_an_aead(name)) add_key_and_iv(suite, session_secret, to);
  add_join_key(suite, name, session_secret, to);
  if (name.kind != static_cast<std::uint8_t>(ItemKind::read)) return;  // "No other key changes"
  Buffer next(suite.hash_octets);
  crypto::expand_label(suite, session_secret, "update", {}, next);
  Json epoch = {{"secret", to_hex(next)}};
  add_key_and_iv(suite, next, epoch);
  to["epoch_1"] = std::move(epoch);
}

Json secret_row(const Path& path, const Item& item, const Given& given) {
  static constexpr std::array makings = {"both_ends", "client_alone", "server_alone", "halves"};
  Json row = {{"name", to_hex(session::octets_of(item.name))}, {"holders", Json::array()}};
  for (const PartyIndex holder : item.holders) row["holders"].push_back(raw(holder));
  row["making"] = makings[static_cast<std::size_t>(item.making)];
  row["client_part"] = find_or_null(given.client, item.name);
  row["server_part"] = find_or_null(given.server, item.name);
  row["digest"] = find_or_null(given.digests, item.name);
  Json held = Json::object();  // all holders come to the same, each by itself
  for (const PartyIndex holder : item.holders) {
    const session::SecretTable& table = path.parties[raw(holder)]->secrets;
    const session::ItemSecret* secret = table.find(item.name);
    if (secret == nullptr) continue;
    held[std::to_string(raw(holder))] = to_hex(secret->expose());
    const crypto::Suite& suite = path.terms().suite();
    add_keys(suite, item.name, session::session_secret(suite, *secret, path.session).expose(), row);
  }
  row["secret"] = std::move(held);
  return row;
}

}  // namespace

Result<Path> make_path(const Roots& roots, const session::Terms& terms, const wire::Hash& manifest_hash) {
  if (terms.middleboxes() > limits::middleboxes_by_default || terms.contexts().size() > contexts_most)
    return Error{Fault::limit_exceeded, "hello: at most " + std::to_string(limits::middleboxes_by_default) +
                                            " middleboxes and " + std::to_string(contexts_most) + " contexts"};
  Path path;
  const session::PathPlan plan{terms};
  LOUVER_ASSIGN(path.items, session::items_of(terms, plan));
  LOUVER_ASSIGN(const BothInputs inputs, both_inputs(roots, terms, path.items));
  for (std::size_t i = 0; i <= raw(terms.server()); ++i) {
    const PartyIndex self{static_cast<std::uint8_t>(i)};
    LOUVER_ASSIGN(session::SecretTable secrets, secrets_at(terms, path.items, self, inputs));
    path.parties.push_back(
        std::make_unique<session::Agreement>(session::Agreement{terms,
                                                                plan,
                                                                self,
                                                                manifest_hash,
                                                                session::association_id(manifest_hash),
                                                                {},
                                                                WallTime::max(),
                                                                std::move(secrets)}));
  }
  return path;
}

Json secrets_of(const Roots& roots, const Path& path) {
  Json out = Json::array();
  const auto inputs = both_inputs(roots, path.terms(), path.items);
  if (!inputs) return out;  // make_path has refused them
  const Given given = given_of(path, *inputs);
  for (const Item& item : path.items) out.push_back(secret_row(path, item, given));
  return out;
}

Result<Json> joins_of(const Path& path, std::uint32_t alive) {
  const wire::Join join{path.client().id, raw(path.session), alive, {}, {}};
  Buffer frame = wire::make_frame({wire::FrameType::join, 0, 0, wire::join_body_octets}, wire::encode(join));
  LOUVER_TRY(session::join_tags::write_end(path.keys(0), frame));
  Json out = Json::array();
  for (std::size_t hop = 0; hop <= path.middleboxes(); ++hop) {
    LOUVER_TRY(session::join_tags::write_hop(path.keys(hop), frame));
    LOUVER_TRY(session::join_tags::check_hop(path.keys(hop + 1), frame));
    out.push_back(to_hex(frame));
  }
  LOUVER_TRY(session::join_tags::check_end(path.keys(path.server()), frame));
  return out;
}

}  // namespace louver::vectors
