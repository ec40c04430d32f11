#pragma once

#include <functional>
#include <optional>

#include "base/random.h"
#include "session/agreement.h"

namespace louver::session {

/// TLS-Exporter of the end-to-end channel: label, context, out.
using Exporter = std::function<Result<>(std::string_view, Bytes, MutableBytes)>;

/// The agreement as an endpoint sees it, above the channels: messages and verified peers come in, messages go out.
/// Client and server differ in who confirms first (docs/protocol.md §4 steps 1, 2 and 4).
///
/// Channel 0 is the end-to-end one, channel i the one with Mi. Every message is taken once, in its state, or refused.
class EndpointAgreement {
 public:
  enum class End : std::uint8_t { client, server };
  struct Own {
    tls::Digest leaf_hash{};  // zeros: an anonymous client
    tls::Digest key_hash{};
    Buffer leaf_der;
    WallTime expires = WallTime::max();
  };
  /// A message for the peer of a channel; may hold key material.
  using Send = std::function<Result<>(std::size_t channel, SecretBuffer message)>;

  EndpointAgreement(End end, wire::Hello hello, wire::Hash hello_hash, Own own, EndpointPolicy& policy,
                    RandomSource& random);

  /// Server: the Accept that it has sent. Client: comes by message.
  Result<> accept(const wire::Accept& accept);
  /// A channel is complete and its peer checked; `peer` is null for an anonymous client.
  Result<> on_verified(std::size_t channel, const tls::VerifiedPeer* peer, const Exporter& exporter, const Send& send);
  Result<> on_message(std::size_t channel, wire::MessageType type, Bytes body, const Exporter& exporter,
                      const Send& send);

  /// Confirm and Keys are out: the manifest is fixed. A JOIN that overtakes the rest can be told from an unknown one.
  bool keys_out() const { return phase_ != Phase::gathering; }
  /// Step 4 is done: this endpoint has sent Go to every middlebox.
  bool complete() const { return phase_ == Phase::complete; }
  /// Once, after keys_out(); the secrets move out. What must wait for complete() is the caller's record's to hold.
  Agreement take();

 private:
  enum class Phase : std::uint8_t { gathering, keys_sent, complete };
  struct Peer {
    bool verified = false;
    std::string name;
    tls::Digest leaf_hash{};
    tls::Digest key_hash{};
    Buffer leaf_der;
    std::vector<Buffer> issuers;
    WallTime expires = WallTime::max();
    std::optional<tls::Anchor> anchor;
    std::optional<wire::Describe> describe;
    wire::Hash describe_hash{};
    bool ready = false;
  };

  Result<> on_accept(Bytes body);
  Result<> on_describe(std::size_t channel, Bytes body);
  Result<> on_confirm(Bytes body);
  Result<> on_ready(std::size_t channel, Bytes body);
  Result<> check_ready(std::size_t channel, const wire::Ready& ready);
  Result<> advance(const Exporter& exporter, const Send& send);
  Result<> send_keys(const Exporter& exporter, const Send& send);
  Result<> finish(const Send& send);
  bool everybody_known() const;
  Result<> check_distinct() const;
  Result<wire::Manifest> make_manifest(const Exporter& exporter) const;
  Result<wire::Hash> client_leaf_hash(const Exporter& exporter) const;
  std::vector<PartyReport> reports() const;
  PartyIndex self() const {
    return is_client() ? PartyIndex{0} : PartyIndex{static_cast<std::uint8_t>(hello_.route.items.size())};
  }
  bool is_client() const { return end_ == End::client; }

  End end_;
  wire::Hello hello_;
  wire::Hash hello_hash_;
  Own own_;
  EndpointPolicy& policy_;
  RandomSource& random_;
  Phase phase_ = Phase::gathering;
  std::vector<Peer> peers_;  // by channel
  std::optional<wire::Accept> accept_;
  std::optional<Terms> terms_;
  std::optional<PathPlan> plan_;
  std::vector<Item> items_;
  std::optional<wire::Hash> confirmed_;  // the other end's
  wire::Hash manifest_hash_{};
  SecretTable secrets_;
  AuditEvidence evidence_;
  std::vector<wire::DigestItem> seen_;  // digests by name, own ones and those of the Readys so far; names ascend
};

}  // namespace louver::session
