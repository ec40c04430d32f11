#include "session/endpoint_agreement.h"

#include <map>

#include "crypto/hash.h"

namespace louver::session {
namespace {

Error unexpected(wire::MessageType type, std::string_view why) {
  return {Fault::unexpected_message, std::string{wire::name_of(type)} + " " + std::string{why}};
}

bool is_zero(const wire::Hash& hash) { return hash == wire::Hash{}; }

}  // namespace

wire::Hash hash_of_manifest(const wire::Manifest& manifest) {
  return crypto::sha256({as_bytes("louver v1 manifest"), wire::encode(manifest)});
}

wire::AssociationId association_id(const wire::Hash& manifest_hash) {
  wire::AssociationId id{};
  std::ranges::copy_n(manifest_hash.begin(), static_cast<std::ptrdiff_t>(id.size()), id.begin());
  return id;
}

EndpointAgreement::EndpointAgreement(End end, wire::Hello hello, wire::Hash hello_hash, Own own, EndpointPolicy& policy,
                                     RandomSource& random)
    : end_(end),
      hello_(std::move(hello)),
      hello_hash_(hello_hash),
      own_(std::move(own)),
      policy_(policy),
      random_(random),
      peers_(hello_.route.items.size()) {}

Result<> EndpointAgreement::accept(const wire::Accept& accept) {
  LOUVER_ASSIGN(Terms terms, agree_on_terms(hello_, hello_hash_, accept));
  PathPlan plan{terms};
  LOUVER_ASSIGN(items_, items_of(terms, plan));
  accept_ = accept;
  terms_.emplace(std::move(terms));
  plan_.emplace(std::move(plan));
  return {};
}

Result<> EndpointAgreement::on_verified(std::size_t channel, const tls::VerifiedPeer* peer, const Exporter& exporter,
                                        const Send& send) {
  Peer& entry = peers_[channel];
  entry.verified = true;
  if (peer != nullptr) {
    entry.name = peer->name();
    entry.leaf_hash = peer->leaf_hash();
    entry.key_hash = peer->key_hash();
    entry.leaf_der = to_buffer(peer->leaf_der());
    entry.issuers = peer->issuers_der();
    entry.expires = peer->not_after();
    entry.anchor = peer->anchor();
  }
  return advance(exporter, send);
}

Result<> EndpointAgreement::on_message(std::size_t channel, wire::MessageType type, Bytes body,
                                       const Exporter& exporter, const Send& send) {
  const bool end_to_end = channel == 0;
  switch (type) {
    case wire::MessageType::accept:
      if (!end_to_end || !is_client()) return unexpected(type, "from a party that sends none");
      LOUVER_TRY(on_accept(body));
      break;
    case wire::MessageType::confirm:
      if (!end_to_end) return unexpected(type, "from a middlebox");
      LOUVER_TRY(on_confirm(body));
      break;
    case wire::MessageType::describe:
      if (end_to_end) return unexpected(type, "from an endpoint");
      LOUVER_TRY(on_describe(channel, body));
      break;
    case wire::MessageType::ready:
      if (end_to_end) return unexpected(type, "from an endpoint");
      LOUVER_TRY(on_ready(channel, body));
      break;
    default:
      return unexpected(type, "during the agreement");
  }
  return advance(exporter, send);
}

Result<> EndpointAgreement::on_accept(Bytes body) {
  if (accept_) return unexpected(wire::MessageType::accept, "twice");
  LOUVER_ASSIGN(const wire::Accept accepted, wire::decode<wire::Accept>(body));
  return accept(accepted);
}

Result<> EndpointAgreement::on_describe(std::size_t channel, Bytes body) {
  Peer& peer = peers_[channel];
  if (peer.describe) return unexpected(wire::MessageType::describe, "twice");
  LOUVER_ASSIGN(peer.describe, wire::decode<wire::Describe>(body));
  LOUVER_TRY(wire::read_extensions(peer.describe->extensions));
  peer.describe_hash = crypto::sha256({body});
  return {};
}

Result<> EndpointAgreement::on_confirm(Bytes body) {
  if (confirmed_) return unexpected(wire::MessageType::confirm, "twice");
  if (is_client() && phase_ != Phase::keys_sent) return unexpected(wire::MessageType::confirm, "before our own");
  LOUVER_ASSIGN(const wire::Confirm confirm, wire::decode<wire::Confirm>(body));
  if (is_client() && confirm.manifest_hash != manifest_hash_)
    return Error{Fault::manifest_differs, "the server confirms another manifest"};
  confirmed_ = confirm.manifest_hash;
  return {};
}

Result<> EndpointAgreement::on_ready(std::size_t channel, Bytes body) {
  if (phase_ != Phase::keys_sent) return unexpected(wire::MessageType::ready, "before our Keys");
  if (peers_[channel].ready) return unexpected(wire::MessageType::ready, "twice");
  LOUVER_ASSIGN(const wire::Ready ready, wire::decode<wire::Ready>(body));
  LOUVER_TRY(check_ready(channel, ready));
  peers_[channel].ready = true;
  return {};
}

/// Step 4: exactly the items that this middlebox's grants call for, and one digest for one name wherever it turns up.
Result<> EndpointAgreement::check_ready(std::size_t channel, const wire::Ready& ready) {
  const std::string who = "M" + std::to_string(channel);
  if (ready.manifest_hash != manifest_hash_)
    return Error{Fault::manifest_differs, who + " is ready for another manifest"};
  const PartyIndex party{static_cast<std::uint8_t>(channel)};
  auto given = ready.items.items.begin();
  for (const Item& item : items_) {
    if (!item.held_by(party)) continue;
    if (given == ready.items.items.end() || given->name != item.name)
      return Error{Fault::items_differ, who + "'s Ready lacks an item"};
    auto seen = std::ranges::lower_bound(seen_, item.name, {}, &wire::DigestItem::name);
    if (seen != seen_.end() && seen->name == item.name) {
      if (!crypto::equal_in_constant_time(seen->digest, given->digest)) {
        return Error{Fault::digest_differs, who + " holds another secret of kind " + std::to_string(item.name.kind) +
                                                " for context " + std::to_string(item.name.context) +
                                                " than its other holder"};
      }
    } else {
      seen_.insert(seen, *given);
    }
    ++given;
  }
  if (given != ready.items.items.end()) return Error{Fault::items_differ, who + "'s Ready has items too many"};
  return {};
}

bool EndpointAgreement::everybody_known() const {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (!peers_[i].verified || (i > 0 && !peers_[i].describe)) return false;
  }
  return accept_.has_value();
}

Result<> EndpointAgreement::advance(const Exporter& exporter, const Send& send) {
  if (phase_ == Phase::gathering && everybody_known() && (is_client() || confirmed_))
    LOUVER_TRY(send_keys(exporter, send));
  if (phase_ == Phase::keys_sent && confirmed_) {
    const bool all_ready = std::ranges::all_of(peers_.begin() + 1, peers_.end(), &Peer::ready);
    if (all_ready) LOUVER_TRY(finish(send));
  }
  return {};
}

/// Two parties with one certificate or one key would be one party with two seats.
Result<> EndpointAgreement::check_distinct() const {
  std::map<tls::Digest, std::string> owners;
  const auto add = [&](const tls::Digest& digest, const std::string& who) -> Result<> {
    if (is_zero(digest)) return {};
    const auto [at, fresh] = owners.emplace(digest, who);
    if (!fresh) return Error{Fault::duplicate_party, who + " and " + at->second + " share a certificate or key"};
    return {};
  };
  LOUVER_TRY(add(own_.leaf_hash, "this party"));
  LOUVER_TRY(add(own_.key_hash, "this party"));
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const std::string who = i == 0 ? "the other end" : "M" + std::to_string(i);
    LOUVER_TRY(add(peers_[i].leaf_hash, who));
    LOUVER_TRY(add(peers_[i].key_hash, who));
  }
  return {};
}

Result<wire::Hash> EndpointAgreement::client_leaf_hash(const Exporter& exporter) const {
  const Buffer& der = is_client() ? own_.leaf_der : peers_[0].leaf_der;
  if (der.empty()) return wire::Hash{};
  wire::Hash cid{};
  LOUVER_TRY(exporter("EXPERIMENTAL-louver-v1 cid", {}, cid));
  return crypto::sha256({der, cid});
}

Result<wire::Manifest> EndpointAgreement::make_manifest(const Exporter& exporter) const {
  wire::Manifest manifest;
  LOUVER_TRY(exporter("EXPERIMENTAL-louver-v1 id", {}, manifest.session_id));
  manifest.accept = *accept_;
  LOUVER_ASSIGN(const wire::Hash client_leaf, client_leaf_hash(exporter));
  manifest.members.items.push_back({client_leaf, {}});
  for (std::size_t i = 1; i < peers_.size(); ++i)
    manifest.members.items.push_back({peers_[i].leaf_hash, peers_[i].describe_hash});
  manifest.members.items.push_back({is_client() ? peers_[0].leaf_hash : own_.leaf_hash, {}});
  return manifest;
}

std::vector<PartyReport> EndpointAgreement::reports() const {
  std::vector<PartyReport> out;
  const PartyIndex other = is_client() ? PartyIndex{static_cast<std::uint8_t>(peers_.size())} : PartyIndex{0};
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const PartyIndex index = i == 0 ? other : PartyIndex{static_cast<std::uint8_t>(i)};
    PartyReport report{index, peers_[i].name, peers_[i].describe.value_or(wire::Describe{}), peers_[i].expires,
                       peers_[i].anchor};
    if (!peers_[i].leaf_der.empty() && terms_->audits()) {
      report.certificates = peers_[i].issuers;
      report.certificates.insert(report.certificates.begin(), peers_[i].leaf_der);
    }
    out.push_back(std::move(report));
  }
  std::ranges::sort(out, {}, &PartyReport::index);
  return out;
}

/// Steps 1 and 2: everybody is authenticated and approved, so Confirm and Keys may go out.
Result<> EndpointAgreement::send_keys(const Exporter& exporter, const Send& send) {
  LOUVER_TRY(check_distinct());
  LOUVER_TRY(policy_.approve(*terms_, reports()));
  LOUVER_ASSIGN(const wire::Manifest manifest, make_manifest(exporter));
  manifest_hash_ = hash_of_manifest(manifest);
  if (!is_client() && *confirmed_ != manifest_hash_)
    return Error{Fault::manifest_differs, "the client confirms another manifest"};

  if (terms_->audits()) {
    evidence_.hello = wire::encode(hello_);
    evidence_.manifest = wire::encode(manifest);
    LOUVER_TRY(exporter("EXPERIMENTAL-louver-v1 cid", {}, evidence_.client_id));
  }

  const std::size_t octets = terms_->suite().hash_octets;
  EndpointInputs inputs{EndToEndSecret{octets}, Seed{octets}};
  LOUVER_TRY(exporter("EXPERIMENTAL-louver-v1 e2e", manifest_hash_, inputs.e2e.fill()));
  random_.fill(inputs.seed.fill());
  secrets_ = endpoint_secrets(*terms_, items_, self(), inputs);
  seen_ = secrets_.digests();

  LOUVER_TRY(send(0, SecretBuffer{wire::make_message(wire::Confirm{manifest_hash_})}));
  for (std::size_t i = 1; i < peers_.size(); ++i) {
    wire::Keys keys;
    keys.manifest = manifest;
    keys.items.items = keys_for(*terms_, items_, self(), PartyIndex{static_cast<std::uint8_t>(i)}, inputs);
    Buffer encoded;  // reserved, so that growing leaves no copy of a key behind
    encoded.reserve(wire::encode(manifest).size() + 8 + keys.items.items.size() * 64);
    wire::write(encoded, keys);
    const SecretBuffer body{std::move(encoded)};
    LOUVER_TRY(send(i, SecretBuffer{wire::make_message(wire::MessageType::keys, body.expose())}));
  }
  phase_ = Phase::keys_sent;
  return {};
}

Result<> EndpointAgreement::finish(const Send& send) {
  for (std::size_t i = 1; i < peers_.size(); ++i)
    LOUVER_TRY(send(i, SecretBuffer{wire::make_message(wire::Go{manifest_hash_})}));
  phase_ = Phase::complete;
  return {};
}

Agreement EndpointAgreement::take() {
  WallTime expires = own_.expires;
  for (const Peer& peer : peers_) expires = std::min(expires, peer.expires);
  std::vector<PartyReport> known = reports();
  return {std::move(*terms_),
          std::move(*plan_),
          self(),
          manifest_hash_,
          association_id(manifest_hash_),
          std::move(known),
          expires,
          std::move(secrets_),
          std::move(evidence_)};
}

}  // namespace louver::session
