#include "session/middlebox_agreement.h"

#include <set>

namespace louver::session {

MiddleboxAgreement::MiddleboxAgreement(wire::Hello hello, wire::Hash hello_hash, Own own, MiddleboxPolicy& policy)
    : hello_(std::move(hello)), hello_hash_(hello_hash), own_(own), policy_(policy) {}

void MiddleboxAgreement::on_server_verified(const tls::VerifiedPeer& server) { server_ = server; }

Result<> MiddleboxAgreement::on_message(Side from, wire::MessageType type, Bytes body, const Send& send) {
  if (type == wire::MessageType::keys) {
    LOUVER_TRY(on_keys(from, body));
  } else if (type == wire::MessageType::go) {
    return on_go(from, body);
  } else {
    return Error{Fault::unexpected_message, std::string{wire::name_of(type)} + " during the agreement"};
  }
  if (!keys_[0] || !keys_[1] || !server_ || ready_sent_) return {};
  LOUVER_TRY(agree());
  wire::Ready ready;
  ready.manifest_hash = manifest_hash_;
  ready.items.items = agreement_->secrets.digests();
  const Buffer message = wire::make_message(ready);
  LOUVER_TRY(send(Side::client, message));
  LOUVER_TRY(send(Side::server, message));
  ready_sent_ = true;
  return {};
}

Result<> MiddleboxAgreement::on_keys(Side from, Bytes body) {
  std::optional<wire::Keys>& mine = keys_[slot(from)];
  if (mine || ready_sent_) return Error{Fault::unexpected_message, "Keys twice"};
  LOUVER_ASSIGN(mine, wire::decode<wire::Keys>(body));
  return {};
}

Result<> MiddleboxAgreement::on_go(Side from, Bytes body) {
  if (!ready_sent_ || go_[slot(from)]) return Error{Fault::unexpected_message, "Go before Ready, or twice"};
  LOUVER_ASSIGN(const wire::Go go, wire::decode<wire::Go>(body));
  if (go.manifest_hash != manifest_hash_) return Error{Fault::manifest_differs, "Go for another manifest"};
  go_[slot(from)] = true;
  return {};
}

/// "its own leaf and Describe at its own index; the server's leaf the one it verified on s_i; N + 2 members, no two
/// alike"
Result<> MiddleboxAgreement::check_members(const wire::Manifest& manifest) const {
  const std::vector<wire::Member>& members = manifest.members.items;
  if (members.size() != hello_.route.items.size() + 1)
    return Error{Fault::manifest_differs, "the manifest has " + std::to_string(members.size()) + " members"};
  std::set<wire::Hash> leaves;
  for (const wire::Member& member : members) {
    if (!leaves.insert(member.leaf_hash).second)
      return Error{Fault::duplicate_party, "two members of the manifest have one certificate"};
  }
  const wire::Member& self = members[raw(own_.index)];
  if (self.leaf_hash != own_.leaf_hash)
    return Error{Fault::manifest_differs, "the manifest shows another certificate in our place"};
  if (self.describe_hash != own_.describe_hash)
    return Error{Fault::manifest_differs, "the manifest shows another Describe in our place"};
  if (members.back().leaf_hash != server_->leaf_hash())
    return Error{Fault::manifest_differs, "the manifest shows another server than ours"};
  return {};
}

Result<> MiddleboxAgreement::agree() {
  if (keys_[0]->manifest != keys_[1]->manifest) return Error{Fault::manifest_differs, "the ends sent two manifests"};
  const wire::Manifest& manifest = keys_[0]->manifest;
  LOUVER_ASSIGN(Terms terms, agree_on_terms(hello_, hello_hash_, manifest.accept));
  LOUVER_TRY(check_members(manifest));
  PathPlan plan{terms};
  LOUVER_ASSIGN(const std::vector<Item> items, items_of(terms, plan));
  LOUVER_ASSIGN(SecretTable secrets, assemble(terms, items, own_.index, keys_[0]->items.items, keys_[1]->items.items));
  LOUVER_TRY(policy_.approve(terms, own_.index));
  manifest_hash_ = hash_of_manifest(manifest);
  id_ = association_id(manifest_hash_);
  std::vector<PartyReport> parties{{terms.server(), server_->name(), {}, server_->not_after(), server_->anchor()}};
  agreement_.emplace(Agreement{std::move(terms), std::move(plan), own_.index, manifest_hash_, id_, std::move(parties),
                               std::min(own_.expires, server_->not_after()), std::move(secrets)});
  keys_ = {};  // wiped: only what the grants call for stays
  return {};
}

Agreement MiddleboxAgreement::take() { return std::move(*agreement_); }

}  // namespace louver::session
