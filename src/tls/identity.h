#pragma once

#include "tls/certificate.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

struct Identity::Impl {
  CertificateHandle leaf;
  CertificatesHandle intermediates;  // as they are sent, in the order of the file
  KeyHandle key;                     // wiped by the library when it goes

  Buffer leaf_der;
  Digest leaf_hash{};
  Digest key_hash{};
  WallTime not_after;
  std::vector<std::string> names;
  std::optional<Role> role;
};

}  // namespace louver::tls
