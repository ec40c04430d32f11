#pragma once

#include <memory>

#include "config/config.h"
#include "session/association_record.h"
#include "tls/channel.h"

namespace louver::role {

/// A process's own certificate and the anchors that it trusts, read from the files that its configuration names.
struct Credentials {
  std::shared_ptr<const tls::Identity> identity;  // null: an anonymous agent
  std::shared_ptr<const tls::Trust> trust;

  /// @fault configuration  one line with the place in the configuration, the file, and the remedy
  static Result<Credentials> load(const config::Common& common);

  /// The certificate must be this role's and carry `name`: told at start, not by the first peer.
  /// @fault configuration
  Result<> check_own(tls::Role role, const std::string& name, const std::string& place) const;

  Result<std::shared_ptr<const tls::ChannelContext>> tls_client(tls::ChannelKind kind, bool with_identity,
                                                                bool hybrid = false) const;
  Result<std::shared_ptr<const tls::ChannelContext>> tls_server(tls::ChannelKind kind,
                                                                bool require_client = false) const;
};

/// Whether the authorities that the association's parties were verified by still count.
/// @fault revoked
Result<> check_anchors(const tls::Trust& trust, const session::AssociationRecord& record);

}  // namespace louver::role
