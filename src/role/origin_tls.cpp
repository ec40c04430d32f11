#include "role/origin_tls.h"

namespace louver::role {
namespace {

tls::WebClientOptions options_of(const config::Gateway& config, const config::Origin& origin) {
  tls::WebClientOptions options;
  options.name = origin.expected_tls_name();
  options.trust = origin.tls_trust;
  if (origin.tls_chain && origin.tls_key) options.certificate = {*origin.tls_chain, *origin.tls_key};
  options.http = origin.profile == config::Profile::http_1;
  for (const config::TrustFile& file : config.common.trust) options.louver_trust.push_back(file.anchors);
  return options;
}

}  // namespace

Result<OriginTls> OriginTls::load(const config::Gateway& config) {
  OriginTls made;
  for (const config::Origin& origin : config.origins) {
    std::shared_ptr<const tls::WebContext> context;
    if (origin.tls) {
      auto loaded = tls::WebContext::for_client(options_of(config, origin));
      if (!loaded) return Error{Fault::configuration, origin.place + ": " + loaded.error().detail};
      context = *std::move(loaded);
    }
    made.contexts_.push_back(std::move(context));
  }
  return made;
}

std::shared_ptr<const tls::WebContext> OriginTls::of(const config::Gateway& config,
                                                     const config::Origin& origin) const {
  return contexts_[static_cast<std::size_t>(&origin - config.origins.data())];
}

}  // namespace louver::role
