#pragma once

#include <map>

#include "tls/certificate.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

struct Trust::Impl {
  StoreHandle store;                     // the configured anchors and nothing else: no default paths
  std::map<Digest, RolePatterns> roles;  // for every anchor, by the SHA-256 of its DER
};

}  // namespace louver::tls
