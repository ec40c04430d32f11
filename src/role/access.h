#pragma once

#include <set>

#include "config/config.h"
#include "runtime/connection_user.h"

namespace louver::role {

/// Which users of this machine a listener of the agent serves. SECURITY JN-06
class Access {
 public:
  /// Looks names of users up, which may take a while.
  /// @param own  whom the agent runs as
  /// @fault configuration: "place: users: there is no such user"
  static Result<Access> make(const config::ListenerUsers& users, const config::Endpoint& listen,
                             const std::string& place, uid_t own);

  /// @fault blocked_by_policy: why not, in words for whoever connected and for the log
  Result<> admit(const runtime::ConnectionUser& user) const;
  bool admits(const runtime::ConnectionUser& user) const {
    return anybody_ || (user.kind == runtime::ConnectionUser::Kind::local && users_.contains(user.id));
  }
  bool admits_anybody() const { return anybody_; }

 private:
  bool anybody_ = false;
  std::set<uid_t> users_;
};

}  // namespace louver::role
