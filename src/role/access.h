#pragma once

#include <set>

#include "config/config.h"
#include "runtime/connection_user.h"

namespace louver::role {

/// Which users of this machine a listener of the agent serves. SECURITY JN-06
class Access {
 public:
  /// Looks names of users up, which may take a while. Where proxies speak for others, exactly they may connect.
  /// @param own  whom the agent runs as
  /// @fault configuration: "place: users: there is no such user"
  static Result<Access> make(const config::ListenerUsers& users, const config::ProxySenders& proxies,
                             const config::Endpoint& listen, const std::string& place, uid_t own);

  /// @fault blocked_by_policy: why not, in words for whoever connected and for the log
  Result<> admit(const runtime::ConnectionUser& user, const runtime::IpAddress& from) const;
  /// The user may, from some address.
  bool admits(const runtime::ConnectionUser& user) const {
    return anybody_ || (user.kind == runtime::ConnectionUser::Kind::local && users_.contains(user.id));
  }
  /// It does not matter who the user is.
  bool admits_anybody() const { return anybody_; }
  /// Connections begin with a PROXY header.
  bool proxied() const { return proxied_; }

 private:
  bool anybody_ = false, proxied_ = false;
  std::set<uid_t> users_;
  std::vector<config::AddressRange> addresses_;  // none: any
};

}  // namespace louver::role
