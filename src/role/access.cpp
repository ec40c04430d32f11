#include "role/access.h"

#include <algorithm>

#include "runtime/user_names.h"

namespace louver::role {

Result<Access> Access::make(const config::ListenerUsers& users, const config::ProxySenders& proxies,
                            const config::Endpoint& listen, const std::string& place, uid_t own) {
  using Who = config::ListenerUsers::Who;
  Access out;
  out.proxied_ = proxies.expected();
  out.addresses_ = proxies.addresses;
  const bool by_default = users.who == Who::own && proxies.users.empty();
  out.anybody_ = users.who == Who::any || (by_default && !config::is_loopback(listen));
  if (by_default) out.users_ = {own, 0};
  for (const std::string& name : out.proxied_ ? proxies.users : users.names) {
    const auto id = runtime::user_by_name(name);
    const char* const key = out.proxied_ ? ": proxy_protocol_from: " : ": users: ";
    if (!id) return Error{Fault::configuration, place + key + id.error().detail};
    out.users_.insert(*id);
  }
  return out;
}

Result<> Access::admit(const runtime::ConnectionUser& user, const runtime::IpAddress& from) const {
  const auto holds = [&](const config::AddressRange& range) { return range.contains(from.octets(), from.is_v4()); };
  if (!addresses_.empty() && std::ranges::none_of(addresses_, holds)) {
    return Error{Fault::blocked_by_policy,
                 "This listener is for proxies, and this address is none of theirs (proxy_protocol_from)."};
  }
  if (admits(user)) return {};
  using Kind = runtime::ConnectionUser::Kind;
  switch (user.kind) {
    case Kind::local:
      return Error{Fault::blocked_by_policy, "User " + to_string(user) +
                                                 " may not use this agent: its configuration lists who may (" +
                                                 (proxied_ ? "proxy_protocol_from" : "users") + ")."};
    case Kind::remote:
      return Error{Fault::blocked_by_policy, "This agent serves users of its own machine only."};
    case Kind::unknown:
      break;
  }
  return Error{Fault::blocked_by_policy,
               "The system does not tell which user this connection belongs to, so it is not served."};
}

}  // namespace louver::role
