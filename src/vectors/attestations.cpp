#include "vectors/attestations.h"

#include "session/endpoint_audit.h"
#include "tls/signature.h"

namespace louver::vectors {
namespace {

/// As the party's association knows itself; without its secrets, which sign nothing.
std::unique_ptr<session::AssociationRecord> record_of(const session::Agreement& agreement) {
  return std::make_unique<session::AssociationRecord>(session::Agreement{agreement.terms,
                                                                         agreement.plan,
                                                                         agreement.self,
                                                                         agreement.manifest_hash,
                                                                         agreement.id,
                                                                         {},
                                                                         WallTime::max(),
                                                                         session::SecretTable{}});
}

Json list_of(const std::vector<PartyIndex>& parties) {
  Json out = Json::array();
  for (const PartyIndex party : parties) out.push_back(raw(party));
  return out;
}

Json to_json(const wire::Audit& message, const session::Judgement& judgement) {
  Json pairs = Json::array();
  for (const auto& [one, other] : judgement.pairs) pairs.push_back({raw(one), raw(other)});
  return {{"context", message.context},
          {"exchange", message.exchange},
          {"message", message.message},
          {"verdict", session::name_of(judgement.verdict)},
          {"end_to_end", judgement.end_to_end},
          {"pairs", std::move(pairs)},
          {"missing", list_of(judgement.missing)},
          {"changed", list_of(judgement.changed)},
          {"redacted", list_of(judgement.redacted)}};
}

}  // namespace

Attestations::Attestations(const Path& path, std::map<PartyIndex, Buffer> keys) : path_(&path) {
  for (auto& [party, key] : keys) {
    auto record = record_of(*path.parties[raw(party)]);
    auto reporter = std::make_unique<session::AuditReporter>(*record, nullptr);
    signers_.emplace(party, Signer{std::move(record), std::move(reporter), std::move(key)});
  }
}

Json Attestations::add(Direction direction, const std::vector<session::Attested>& values) {
  Json audit = Json::array();
  for (const session::Attested& one : values) {
    const session::AuditStream stream = session::stream_of(one.value);
    session::AuditChain& chain = chains_[{one.party, stream}];
    (void)chain.add(one.value);
    const auto signer = signers_.find(one.party);
    if (signer != signers_.end()) signer->second.reporter->add(one.value, TimePoint{});
    audit.push_back({{"party", raw(one.party)},
                     {"audit", to_hex(wire::encode(one.value))},
                     {"chain", to_hex(chain.entry(stream[0], stream[1], stream[2]).chain)}});
  }
  return {{"audit", std::move(audit)}, {"judged", judge(direction, values)}};
}

Json Attestations::judge(Direction direction, const std::vector<session::Attested>& values) const {
  std::map<std::array<std::uint32_t, 3>, std::vector<session::Attested>> messages;
  for (const session::Attested& one : values)
    messages[{one.value.context, one.value.exchange, one.value.message}].push_back(one);
  const PartyIndex receiver = direction == Direction::c2s ? path_->terms().server() : PartyIndex{0};
  Json out = Json::array();
  for (const auto& [key, stated] : messages) {
    std::vector<const session::Segment*> segments;
    for (const session::Segment& segment : path_->client().plan.segments(direction)) {
      if (raw(segment.context) == key[0]) segments.push_back(&segment);
    }
    const bool received = std::ranges::find(stated, receiver, &session::Attested::party) != stated.end();
    out.push_back(to_json(stated.front().value, session::judge(segments, stated, received)));
  }
  return out;
}

Result<Json> Attestations::receipts() {
  Json out = Json::array();
  for (auto& [party, signer] : signers_) {
    wire::Receipt receipt{signer.reporter->body(path_->session, true, TimePoint{}), 0, {}};
    const Buffer body = wire::encode(receipt.body);
    LOUVER_ASSIGN(tls::BareSignature made, tls::sign_receipt_by_seed(signer.key, body));
    receipt.algorithm = made.signature.algorithm;
    receipt.signature.bytes = std::move(made.signature.octets);
    out.push_back({{"party", raw(party)},
                   {"public_key", to_hex(made.public_key)},
                   {"body", to_hex(body)},
                   {"algorithm", receipt.algorithm},
                   {"signature", to_hex(receipt.signature.bytes)},
                   {"receipt", to_hex(wire::encode(receipt))}});
  }
  return out;
}

Result<std::optional<Attestations>> attest(const Path& path, const std::optional<std::map<PartyIndex, Buffer>>& keys) {
  if (keys.has_value() != path.terms().audits())
    return Error{Fault::bad_value, keys ? "nothing is audited, so nobody signs" : "missing"};
  if (!keys) return std::optional<Attestations>{};
  std::size_t states = 0;
  for (std::size_t i = 0; i <= path.server(); ++i) {
    const PartyIndex party{static_cast<std::uint8_t>(i)};
    if (!session::states_values(path.terms(), path.client().plan, party)) continue;
    ++states;
    if (!keys->contains(party)) return Error{Fault::bad_value, "none of party " + std::to_string(i) + ", which states"};
  }
  if (keys->size() != states) return Error{Fault::bad_value, "one of a party that states nothing"};
  return std::optional<Attestations>{std::in_place, path, *keys};
}

}  // namespace louver::vectors
