#include <openssl/err.h>

#include "tls/leaf_shelf.h"
#include "tls/openssl_error.h"
#include "tls/web_watch.h"

namespace louver::tls {

Result<std::shared_ptr<const WebContext>> WebContext::for_server(std::shared_ptr<const LocalAuthority> authority,
                                                                 const std::vector<std::string>& hosts,
                                                                 const std::string& without_name) {
  auto impl = std::make_unique<Impl>();
  impl->is_client = false;
  impl->leaves = std::make_unique<LeafShelf>(std::move(authority), hosts);
  if (impl->leaves->has(without_name)) impl->name = without_name;
  ERR_clear_error();
  impl->ssl.reset(SSL_CTX_new(TLS_server_method()));
  if (impl->ssl == nullptr) return library_failed("preparing TLS");
  LOUVER_TRY(set_web_rules(impl->ssl.get()));
  WebWatch::attach_server(impl->ssl.get());
  return std::shared_ptr<const WebContext>{new WebContext(std::move(impl))};
}

}  // namespace louver::tls
