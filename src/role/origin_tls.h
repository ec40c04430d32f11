#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "tls/web_context.h"

namespace louver::role {

/// The ordinary TLS of a gateway's origins. Immutable; cheap to copy.
class OriginTls {
 public:
  OriginTls() = default;
  /// Reads what the origins' tables name.
  /// @fault configuration: with the place in the configuration, the file and the remedy
  static Result<OriginTls> load(const config::Gateway& config);

  /// Null: plain. `origin` is one of `config.origins`, the same configuration that was loaded from.
  std::shared_ptr<const tls::WebContext> of(const config::Gateway& config, const config::Origin& origin) const;

 private:
  std::vector<std::shared_ptr<const tls::WebContext>> contexts_;  // in the order of the origins
};

}  // namespace louver::role
