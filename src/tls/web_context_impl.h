#pragma once

#include <set>

#include "tls/certificate.h"
#include "tls/leaf_shelf.h"
#include "tls/openssl_handles.h"
#include "tls/web_context.h"

namespace louver::tls {

struct WebContext::Impl {
  bool is_client = true;
  std::string name;  // client: expected of the peer; server: meant by who names none, or empty
  bool name_is_address = false;
  bool http = true;
  std::set<Digest> louver_keys;       // of Louver's anchors: SHA-256 of the SubjectPublicKeyInfo
  std::unique_ptr<LeafShelf> leaves;  // server
  SslContextHandle ssl;
};

inline constexpr std::string_view http_alpn = "http/1.1";

/// Versions, algorithms and habits of every web context. @fault internal_error
Result<> set_web_rules(SSL_CTX* ssl);

}  // namespace louver::tls
