#pragma once

#include <functional>
#include <optional>

#include "session/agreement.h"

namespace louver::session {

/// The agreement as a middlebox sees it, above its two channels. docs/protocol.md §4 step 3
class MiddleboxAgreement {
 public:
  struct Own {
    PartyIndex index;
    tls::Digest leaf_hash{};
    WallTime expires = WallTime::max();
    wire::Hash describe_hash{};
  };
  /// A message for the endpoint on that side.
  using Send = std::function<Result<>(Side to, Buffer message)>;

  MiddleboxAgreement(wire::Hello hello, wire::Hash hello_hash, Own own, MiddleboxPolicy& policy);

  /// The server's channel is complete and the server checked.
  void on_server_verified(const tls::VerifiedPeer& server);
  /// Keys, once from each endpoint; Go, once from each, after Ready.
  Result<> on_message(Side from, wire::MessageType type, Bytes body, const Send& send);

  /// Both Keys are in and agree: Ready is out. From here JOINs can be told from unknown ones, but nothing is used yet.
  bool ready() const { return agreement_.has_value(); }
  /// Both Go are in.
  bool complete() const { return go_[0] && go_[1]; }
  const wire::AssociationId& id() const { return id_; }
  /// Once, when ready(); the secrets move out. What must wait for complete() is the caller's record's to hold.
  Agreement take();

 private:
  Result<> on_keys(Side from, Bytes body);
  Result<> on_go(Side from, Bytes body);
  Result<> agree();
  Result<> check_members(const wire::Manifest& manifest) const;

  wire::Hello hello_;
  wire::Hash hello_hash_;
  Own own_;
  MiddleboxPolicy& policy_;
  std::optional<tls::VerifiedPeer> server_;
  std::array<std::optional<wire::Keys>, 2> keys_;
  std::array<bool, 2> go_{};
  bool ready_sent_ = false;
  wire::Hash manifest_hash_{};
  wire::AssociationId id_{};
  std::optional<Agreement> agreement_;
};

}  // namespace louver::session
