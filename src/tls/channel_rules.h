#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "tls/channel.h"

namespace louver::tls {

enum class End : std::uint8_t { tls_client, tls_server };
enum class PeerCertificate : std::uint8_t { not_asked_for, optional, required };

/// What one end of one kind of channel does: the table of docs/protocol.md §4 "Agreement".
struct ChannelRules {
  std::string_view alpn;
  std::optional<Role> peer_role;  // none: the other end is anonymous on this channel
  PeerCertificate peer_certificate;
  bool needs_identity;  // refused without a certificate of our own
  bool shows_identity;  // it is sent, or may be asked for
  bool any_peer_name;   // an empty expected name stands for every name
};

/// With what the options change. `identity` and `trust` may be null where the table lets them be.
/// @fault configuration: one of them is needed
Result<ChannelRules> rules_for(ChannelKind kind, End end, const Identity* identity, const Trust* trust,
                               const ChannelContext::Options& options);

}  // namespace louver::tls
