#include "role/access.h"

#include "runtime/user_names.h"

namespace louver::role {

Result<Access> Access::make(const config::ListenerUsers& users, const config::Endpoint& listen,
                            const std::string& place, uid_t own) {
  using Who = config::ListenerUsers::Who;
  Access out;
  out.anybody_ = users.who == Who::any || (users.who == Who::own && !config::is_loopback(listen));
  if (users.who == Who::own) out.users_ = {own, 0};
  for (const std::string& name : users.names) {
    const auto id = runtime::user_by_name(name);
    if (!id) return Error{Fault::configuration, place + ": users: " + id.error().detail};
    out.users_.insert(*id);
  }
  return out;
}

Result<> Access::admit(const runtime::ConnectionUser& user) const {
  if (admits(user)) return {};
  using Kind = runtime::ConnectionUser::Kind;
  switch (user.kind) {
    case Kind::local:
      return Error{Fault::blocked_by_policy,
                   "User " + to_string(user) + " may not use this agent: its configuration lists who may (users)."};
    case Kind::remote:
      return Error{Fault::blocked_by_policy, "This agent serves users of its own machine only."};
    case Kind::unknown:
      break;
  }
  return Error{Fault::blocked_by_policy,
               "The system does not tell which user this connection belongs to, so it is not served."};
}

}  // namespace louver::role
