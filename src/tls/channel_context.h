#pragma once

#include "tls/channel_rules.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

struct ChannelContext::Impl {
  End end;
  ChannelRules rules;
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const Trust> trust;
  SslContextHandle ssl;
};

}  // namespace louver::tls
