#include "tls/leaf_shelf.h"

#include "tls/openssl_error.h"

namespace louver::tls {

Result<> LeafShelf::show(SSL& ssl, const std::string& host, WallTime now) {
  if (!has(host)) return Error{Fault::internal_error, "a certificate was asked for a host that is not served"};
  const std::lock_guard lock{mutex_};
  auto leaf = leaves_.find(host);
  if (leaf == leaves_.end() || leaf->second.renew_at <= now) {
    LOUVER_ASSIGN(LocalLeaf made, issue_local_leaf(*authority_, host, now));
    leaf = leaves_.insert_or_assign(host, std::move(made)).first;
  }
  if (SSL_use_cert_and_key(&ssl, leaf->second.certificate.get(), leaf->second.key.get(), nullptr, 1) != 1)
    return library_failed("showing a certificate");
  return {};
}

}  // namespace louver::tls
