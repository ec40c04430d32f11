#include "tls/role.h"

#include <cstdlib>

namespace louver::tls {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::client:
      return "client";
    case Role::middlebox:
      return "middlebox";
    case Role::server:
      return "server";
  }
  std::abort();  // only a value cast from an integer gets here
}

const char* usage_oid(Role role) {
  switch (role) {
    case Role::client:
      return "2.999.1.1";
    case Role::middlebox:
      return "2.999.1.2";
    case Role::server:
      return "2.999.1.3";
  }
  std::abort();
}

std::optional<Role> role_of_usage(std::string_view oid) {
  for (Role role : all_roles) {
    if (oid == usage_oid(role)) return role;
  }
  return std::nullopt;
}

}  // namespace louver::tls
