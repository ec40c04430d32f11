#pragma once

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string>

#include "tls/openssl_handles.h"

namespace louver::tls {

/// IPv4 or IPv6, without brackets.
inline bool is_ip_address(const std::string& text) {
  const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address{a2i_IPADDRESS(text.c_str())};
  ERR_clear_error();
  return address != nullptr;
}

}  // namespace louver::tls
