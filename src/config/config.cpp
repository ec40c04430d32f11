#include "config/config.h"

#include <algorithm>

namespace louver::config {
namespace {

/// The item that lists the host with this port, else the one that lists it without a port, else the default one, else
/// null.
template <class T>
const T* find_host(const std::vector<T>& items, std::string_view host, std::uint16_t port) {
  const T* for_any_port = nullptr;
  const T* by_default = nullptr;
  for (const T& item : items) {
    for (const Authority& authority : item.hosts) {
      if (!authority.matches(host, port)) continue;
      if (authority.port) return &item;
      for_any_port = &item;
    }
    if (item.is_default) by_default = &item;
  }
  return for_any_port ? for_any_port : by_default;
}

template <class T>
const T* find_if(const std::vector<T>& items, const auto& fits) {
  const auto found = std::ranges::find_if(items, fits);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::agent:
      return "agent";
    case Role::middlebox:
      return "middlebox";
    case Role::gateway:
      return "gateway";
  }
  return "?";
}

std::string_view name_of(Profile profile) {
  switch (profile) {
    case Profile::http_1:
      return "http/1";
    case Profile::stream_1:
      return "stream/1";
  }
  return "?";
}

const Route* Agent::find_route(std::string_view name) const {
  return find_if(routes, [&](const Route& route) { return route.name == name; });
}

const Route* Agent::route_for(std::string_view host, std::uint16_t port) const { return find_host(routes, host, port); }

const Next* Middlebox::find_next(std::string_view next_name, std::uint16_t port) const {
  return find_if(next, [&](const Next& party) { return party.name == next_name && party.port == port; });
}

std::string Origin::expected_tls_name() const {
  if (tls_name) return *tls_name;
  return hosts.size() == 1 && !is_default ? hosts.front().host : connect.address;
}

const Origin* Gateway::http_origin(std::string_view host, std::uint16_t port) const {
  return find_host(origins, host, port);
}

const Origin* Gateway::stream_origin() const {
  return find_if(origins, [](const Origin& origin) { return origin.profile == Profile::stream_1; });
}

bool Gateway::serves(Profile profile) const {
  const bool has_origin = std::ranges::any_of(origins, [&](const Origin& origin) { return origin.profile == profile; });
  return has_origin && (!policy.profiles || std::ranges::find(*policy.profiles, profile) != policy.profiles->end());
}

}  // namespace louver::config
